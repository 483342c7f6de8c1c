# file: concurrency/pool_blocking.c
# bug: a spare thread looks with acquire whether it is needed: before its announcement is seen
# killed-by: explore
# scenario: blocking
s/blocked, memory_order_seq_cst/blocked, memory_order_acquire/
