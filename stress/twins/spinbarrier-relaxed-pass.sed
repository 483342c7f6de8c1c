# file: concurrency/spinbarrier.c
# bug: the last to come does not release what all did
# killed-by: tsan-bare explore genmc
s/__ATOMIC_RELEASE/__ATOMIC_RELAXED/
