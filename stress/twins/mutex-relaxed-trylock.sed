# file: concurrency/mutex.c
# bug: trylock past a waiter does not acquire
# killed-by: tsan-bare explore genmc
/^static bool take/,/^}/s/memory_order_acquire/memory_order_relaxed/
