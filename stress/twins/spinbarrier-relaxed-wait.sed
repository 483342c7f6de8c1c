# file: concurrency/spinbarrier.c
# bug: who waited does not acquire what the others did
# killed-by: tsan-bare explore genmc
s/passed, __ATOMIC_ACQUIRE/passed, __ATOMIC_RELAXED/
