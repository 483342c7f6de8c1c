# file: concurrency/gradbuf_unordered.c
# bug: a round of several counts as complete when one commit is missing
# scenario: striped
# killed-by: native explore
s/memory_order_acq_rel\) != 1\)/memory_order_acq_rel) != (buffers->contributions > 1 ? 2 : 1))/
