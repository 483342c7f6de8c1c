# file: concurrency/lock_stats.c
# bug: a wait is counted without the lock of the list
# killed-by: tsan-bare explore
/^void qsc_contended_end/,$s/^    \(void\)pthread_mutex_(un)?lock\(&bucket->lock\);$//
