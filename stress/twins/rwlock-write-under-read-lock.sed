# file: stress/rwlock.c
# bug: a client writes under the read lock
# killed-by: tsan tsan-bare
s/long before = left;/static long visitors;\n        visitors++;\n        &/
