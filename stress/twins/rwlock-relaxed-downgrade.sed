# file: concurrency/rwlock.c
# bug: downgrade does not release
# killed-by: tsan-bare explore
/^void qsc_rwlock_downgrade/,/^}/s/memory_order_release/memory_order_relaxed/
