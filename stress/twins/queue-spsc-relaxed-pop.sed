# file: concurrency/spsc.c
# bug: pop does not release the slot that it has read
# killed-by: tsan-bare explore genmc
s/position \+ 1, memory_order_seq_cst\);/position + 1, memory_order_relaxed);/
