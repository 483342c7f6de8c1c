# file: concurrency/semaphore.c
# bug: the head of the line takes its units without acquire
# killed-by: tsan tsan-bare genmc
/^static int wait_as_head/,/^}/s/memory_order_acquire/memory_order_relaxed/
