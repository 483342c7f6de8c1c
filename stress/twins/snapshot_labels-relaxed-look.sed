# file: concurrency/snapshot.c
# bug: a reader with a key does not acquire the canary
# killed-by: tsan tsan-bare explore
s/&cell->canary, __ATOMIC_ACQUIRE/\&cell->canary, __ATOMIC_RELAXED/
