# file: concurrency/pool_task.c
# bug: a thread that waits says so with acq_rel: it may look for tasks before that is seen
# killed-by: explore
# scenario: helper
s/who, memory_order_seq_cst/who, memory_order_acq_rel/
