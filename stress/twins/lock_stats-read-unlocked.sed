# file: concurrency/lock_stats.c
# bug: the counts are read without the lock of the list
# killed-by: tsan-bare explore
/^struct qsc_lock_counts qsc_lock_stats_read/,/^}/s/^    \(void\)pthread_mutex_(un)?lock\(&bucket->lock\);$//
