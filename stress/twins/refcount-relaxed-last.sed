# file: concurrency/refcount.h
# bug: who puts the last reference does not acquire what was done under the others
# killed-by: tsan-bare explore genmc
s/__ATOMIC_ACQUIRE/__ATOMIC_RELAXED/
