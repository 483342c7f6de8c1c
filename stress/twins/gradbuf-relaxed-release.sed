# file: concurrency/gradbuf.c
# bug: release does not order the reading of the sum before the next use of its accumulator
# scenario: open-waits
# killed-by: tsan tsan-bare explore
s/(&buffers->released, 1, )memory_order_seq_cst/\1memory_order_relaxed/
