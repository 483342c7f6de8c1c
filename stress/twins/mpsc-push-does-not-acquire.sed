# file: concurrency/mpsc.c
# bug: a push may write the link of the node before it, or the first node, earlier than the NULL that was there
# killed-by: explore
s/memory_order_acq_rel/memory_order_release/
