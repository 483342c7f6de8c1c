# file: concurrency/latch.c
# bug: counting down does not release what was done before
# killed-by: tsan tsan-bare genmc
s/memory_order_release/memory_order_relaxed/
