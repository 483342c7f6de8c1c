# file: concurrency/gradbuf.c
# bug: a round may be opened before its accumulator is released
# scenario: open-waits
# killed-by: native asan tsan tsan-bare explore
s/memory_order_seq_cst\) \+ 1 >= round;/memory_order_seq_cst) + 2 >= round;/
