# file: concurrency/gradbuf_unordered.c
# bug: the last commit is not ordered after the adding of the others
# scenario: striped
# killed-by: tsan-bare explore
s/(uncommitted, 1, )memory_order_acq_rel/\1memory_order_relaxed/
