# file: concurrency/snapshot.c
# bug: pin does not acquire what was published
# killed-by: tsan tsan-bare explore
s/&cell->current, __ATOMIC_ACQUIRE/\&cell->current, __ATOMIC_RELAXED/
