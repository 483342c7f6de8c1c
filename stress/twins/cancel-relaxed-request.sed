# file: concurrency/cancel.c
# bug: a request does not release what was done before it
# killed-by: tsan-bare explore genmc
# scenario: token
s/__ATOMIC_RELEASE/__ATOMIC_RELAXED/
