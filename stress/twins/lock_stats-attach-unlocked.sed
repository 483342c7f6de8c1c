# file: concurrency/lock_stats.c
# bug: statistics are attached without the lock of the list
# killed-by: explore
/^void qsc_lock_stats_attach/,/^}/s/^    \(void\)pthread_mutex_(un)?lock\(&bucket->lock\);$//
