# file: concurrency/once.c
# bug: the end of the function is not released
# killed-by: tsan tsan-bare genmc
s/memory_order_release/memory_order_relaxed/
