# file: concurrency/mutex.h
# bug: the uncontended lock does not acquire
# killed-by: tsan-bare
s/__ATOMIC_ACQUIRE/__ATOMIC_RELAXED/
