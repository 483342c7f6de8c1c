# file: concurrency/deque.c
# bug: grow does not release the content of the longer ring
# killed-by: tsan tsan-bare explore
/&deque->ring, longer, memory_order_release/s/release/relaxed/
