# file: concurrency/condvar.c
# bug: a thread whose deadline passed stays counted as a waiter
# killed-by: native tsan
s/^    atomic_fetch_sub_explicit\(waiting_of/    if (error != ETIMEDOUT)\n        &/
