# file: concurrency/eventcount.c
# bug: a sleeper announces himself with acq_rel: he may look before it is seen
# killed-by: explore genmc
s/\(&event->threads, 1, memory_order_seq_cst\)/(\&event->threads, 1, memory_order_acq_rel)/
