# file: concurrency/cancel.c
# bug: who sees a token cancelled does not acquire
# killed-by: tsan-bare explore genmc
# scenario: token
s/__ATOMIC_ACQUIRE/__ATOMIC_RELAXED/
