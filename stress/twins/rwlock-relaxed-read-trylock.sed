# file: concurrency/rwlock.c
# bug: read trylock does not acquire
# killed-by: tsan-bare explore
/^bool qsc_rwlock_read_trylock/,/^}/s/memory_order_acquire/memory_order_relaxed/
