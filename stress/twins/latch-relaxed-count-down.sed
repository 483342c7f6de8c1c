# file: concurrency/latch.c
# bug: counting down does not release what was done before
# killed-by: tsan tsan-bare
s/memory_order_release/memory_order_relaxed/
