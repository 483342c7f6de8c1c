# file: concurrency/mutex.h
# bug: the uncontended lock does not acquire
# killed-by: tsan-bare explore genmc
s/__ATOMIC_ACQUIRE/__ATOMIC_RELAXED/
