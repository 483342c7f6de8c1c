# file: concurrency/semaphore.c
# bug: a post does not release what was done before it
# killed-by: tsan tsan-bare genmc
s/memory_order_release/memory_order_relaxed/
