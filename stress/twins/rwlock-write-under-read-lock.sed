# file: stress/rwlock.c
# bug: a client writes under the read lock
# killed-by: tsan tsan-bare
s/^#define RW\(call\).*/&\nstatic long visitors;\n#define qsc_rwlock_read_unlock(lock) (visitors++, qsc_rwlock_read_unlock(lock))/
