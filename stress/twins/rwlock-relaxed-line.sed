# file: concurrency/rwlock.c
# bug: the head of the line does not acquire
# killed-by: tsan-bare explore genmc
/^static int wait_in_line/,/^}/s/memory_order_acquire/memory_order_relaxed/
