# file: concurrency/refcount.h
# bug: a put does not release what was done under the reference
# killed-by: tsan-bare explore genmc
s/__ATOMIC_RELEASE/__ATOMIC_RELAXED/
