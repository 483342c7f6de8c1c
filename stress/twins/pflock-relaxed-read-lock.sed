# file: concurrency/pflock.c
# bug: read lock does not acquire
# killed-by: tsan-bare genmc
/^void qsc_pflock_read_lock/,/^}/s/__ATOMIC_ACQUIRE/__ATOMIC_RELAXED/
