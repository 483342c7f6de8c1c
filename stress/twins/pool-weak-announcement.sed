# file: concurrency/pool_sleep.c
# bug: an idle worker announces itself with acq_rel: it may look for tasks before that is seen
# scenario: idle-worker
# killed-by: explore
s/how\], 1, memory_order_seq_cst/how], 1, memory_order_acq_rel/
