# file: concurrency/pflock.c
# bug: read trylock does not acquire
# killed-by: tsan-bare genmc
/^bool qsc_pflock_read_trylock/,/^}/s/__ATOMIC_ACQUIRE/__ATOMIC_RELAXED/
