# file: concurrency/mpsc.c
# bug: push links its node with a relaxed store: it may look for sleepers before the node is seen
# killed-by: explore genmc
s/node, memory_order_seq_cst/node, memory_order_relaxed/
