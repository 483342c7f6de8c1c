# file: concurrency/mutex.c
# bug: trylock past a waiter does not acquire
# killed-by: tsan-bare explore
/^bool qsc_mutex_trylock_slow/,/^}/s/memory_order_acquire/memory_order_relaxed/
