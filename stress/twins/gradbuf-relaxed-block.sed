# file: concurrency/gradbuf_ordered.c
# bug: the next adder of a block may not see what the last one added
# killed-by: tsan tsan-bare explore
s/(&block->turn, 2 \* \(ticket \+ 1\), )memory_order_seq_cst/\1memory_order_relaxed/
