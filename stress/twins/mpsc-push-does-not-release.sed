# file: concurrency/mpsc.c
# bug: the NULL in a node that is pushed may come after the link that the next push writes there
# killed-by: explore
s/memory_order_acq_rel/memory_order_acquire/
