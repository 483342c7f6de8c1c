# file: concurrency/mutex.c
# bug: a thread that waited does not acquire
# killed-by: tsan-bare explore genmc
/^static int wait\(/,/^}/s/memory_order_acquire/memory_order_relaxed/
