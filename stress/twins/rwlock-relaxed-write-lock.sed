# file: concurrency/rwlock.c
# bug: the uncontended write lock does not acquire
# killed-by: tsan-bare explore genmc
/^static bool write_lock_fast/,/^}/s/memory_order_acquire/memory_order_relaxed/
