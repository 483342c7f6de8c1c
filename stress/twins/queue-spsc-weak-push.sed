# file: concurrency/spsc.c
# bug: push publishes its item with acq_rel: it may look for sleepers before the item is seen
# killed-by: explore genmc
/^static int trypush/,/^}/s/memory_order_seq_cst/memory_order_acq_rel/
