# file: concurrency/rwlock.c
# bug: write unlock does not release
# killed-by: tsan-bare explore genmc
/^void qsc_rwlock_write_unlock/,/^}/s/memory_order_release/memory_order_relaxed/
