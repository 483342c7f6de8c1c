# file: concurrency/gradbuf_ordered.c
# bug: commit does not release the shard
# killed-by: tsan tsan-bare explore
s/(turn, 2 \* ticket \+ 1, )memory_order_seq_cst/\1memory_order_relaxed/
