# file: concurrency/gradbuf_ordered.c
# bug: the thread that adds the last block is not ordered after those that added the others
# scenario: two-blocks
# killed-by: tsan tsan-bare explore
s/(&slot->blocks_left, 1, )memory_order_acq_rel/\1memory_order_relaxed/
