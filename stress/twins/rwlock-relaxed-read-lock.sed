# file: concurrency/rwlock.c
# bug: read lock does not acquire
# killed-by: tsan-bare explore genmc
/^static int read_lock/,/^}/s/memory_order_acquire/memory_order_relaxed/
