# file: concurrency/deque.c
# bug: take does not order its claim of the bottom before its look at the top
# killed-by: native asan explore
/&deque->bottom, bottom, memory_order_seq_cst/s/seq_cst/release/
