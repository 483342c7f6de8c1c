# file: concurrency/rwlock.c
# bug: a head of the line that gives up leaves the lock closed to newcomers
# killed-by: native tsan explore
s/\(void\)atomic_fetch_and_explicit\(state, ~HEAD, memory_order_relaxed\);//
