# file: concurrency/mpmc.c
# bug: push does not release the item
# killed-by: tsan tsan-bare explore genmc
/ticket \+ 1, memory_order_release/s/release/relaxed/
