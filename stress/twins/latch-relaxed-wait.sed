# file: concurrency/latch.c
# bug: a wait does not acquire
# killed-by: tsan tsan-bare
s/memory_order_acquire/memory_order_relaxed/
