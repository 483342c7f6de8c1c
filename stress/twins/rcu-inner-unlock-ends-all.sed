# file: concurrency/rcu.h
# bug: the end of a nested section ends the outer one as well
# killed-by: native asan
s/\(word, __ATOMIC_RELAXED\) != 1, 0\)/(word, __ATOMIC_RELAXED) == 0, 0)/
