# file: concurrency/spinbarrier.c
# bug: a try that passes does not acquire what the others did
# killed-by: tsan-bare explore genmc
s/false, __ATOMIC_ACQUIRE/false, __ATOMIC_RELAXED/
