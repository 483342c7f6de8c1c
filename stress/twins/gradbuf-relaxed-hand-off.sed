# file: concurrency/gradbuf_ordered.c
# bug: the reducer is not ordered after the adding
# killed-by: tsan tsan-bare explore
s/(&buffers->complete, 1, )memory_order_seq_cst/\1memory_order_relaxed/
