# file: concurrency/barrier.c
# bug: leaving does not acquire what the others did
# killed-by: tsan tsan-bare genmc
s/memory_order_acq_rel/memory_order_release/
