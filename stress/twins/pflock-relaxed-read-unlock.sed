# file: concurrency/pflock.c
# bug: read unlock does not release
# killed-by: tsan-bare genmc
/^void qsc_pflock_read_unlock/,/^}/s/__ATOMIC_RELEASE/__ATOMIC_RELAXED/
