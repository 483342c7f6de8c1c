# file: concurrency/lock_stats.c
# bug: statistics are detached without the lock of the list
# killed-by: explore
/^void qsc_lock_stats_detach/,/^}/s/^    \(void\)pthread_mutex_(un)?lock\(&bucket->lock\);$//
