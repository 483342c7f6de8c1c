# file: concurrency/rcu.h
# bug: a reader leaves without waking the writer that waits for it
# killed-by: native asan
s/__ATOMIC_RELAXED\) == -1, 0\)/__ATOMIC_RELAXED) == -2, 0)/
