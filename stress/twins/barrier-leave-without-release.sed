# file: concurrency/barrier.c
# bug: leaving does not order a thread's last look before what the last to leave does
# killed-by: tsan tsan-bare
s/memory_order_acq_rel/memory_order_acquire/
