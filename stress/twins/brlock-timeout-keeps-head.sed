# file: concurrency/brlock.c
# bug: a head of the line that gives up leaves the lock closed to newcomers
# killed-by: native genmc
s/\(void\)__atomic_fetch_and\(&lock->state, ~HEAD, __ATOMIC_RELAXED\);//
