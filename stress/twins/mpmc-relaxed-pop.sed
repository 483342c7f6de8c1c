# file: concurrency/mpmc.c
# bug: pop does not release the cell that it has read
# killed-by: tsan tsan-bare explore genmc
/next_lap\(queue, ticket\), memory_order_release/s/release/relaxed/
