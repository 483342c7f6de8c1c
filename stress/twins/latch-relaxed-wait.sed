# file: concurrency/latch.c
# bug: a wait does not acquire
# killed-by: tsan tsan-bare genmc
s/memory_order_acquire/memory_order_relaxed/
