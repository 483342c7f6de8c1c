# file: concurrency/pflock.c
# bug: write unlock does not release for readers
# killed-by: tsan-bare genmc
/^static void let_go/,/^}/s/__ATOMIC_RELEASE/__ATOMIC_RELAXED/
