# file: concurrency/pool_blocking.c
# bug: a blocking section is counted with acq_rel: the look at the spare thread may come first
# killed-by: explore
# scenario: blocking
s/blocked, 1, memory_order_seq_cst/blocked, 1, memory_order_acq_rel/
