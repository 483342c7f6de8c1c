# file: concurrency/once.h
# bug: who finds it done does not acquire
# killed-by: tsan tsan-bare genmc
s/__ATOMIC_ACQUIRE/__ATOMIC_RELAXED/
