# file: concurrency/deque.c
# bug: push does not release the item
# killed-by: tsan tsan-bare explore genmc
/&deque->bottom, bottom \+ 1, memory_order_seq_cst/s/seq_cst/relaxed/
