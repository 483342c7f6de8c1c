# file: concurrency/barrier.c
# bug: coming does not release what was done before
# killed-by: tsan tsan-bare genmc
s/memory_order_release/memory_order_relaxed/
