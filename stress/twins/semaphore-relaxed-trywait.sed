# file: concurrency/semaphore.c
# bug: units that are there are taken without acquire
# killed-by: tsan tsan-bare genmc
/^bool qsc_semaphore_trywait/,/^}/s/memory_order_acquire/memory_order_relaxed/
