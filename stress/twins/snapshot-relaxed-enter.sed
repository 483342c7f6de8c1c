# file: concurrency/snapshot.h
# bug: enter does not acquire what was published
# killed-by: tsan tsan-bare explore
s/&cell->current, __ATOMIC_ACQUIRE/\&cell->current, __ATOMIC_RELAXED/
