# file: concurrency/gradbuf_unordered.c
# bug: the reducer is not ordered after the last commit
# scenario: striped
# killed-by: tsan-bare explore
s/(&buffers->complete, 1, )memory_order_seq_cst/\1memory_order_relaxed/
