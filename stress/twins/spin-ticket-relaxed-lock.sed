# file: concurrency/spin.c
# bug: the ticket lock does not acquire
# killed-by: tsan-bare genmc
s/^(    return ticket - .*)__ATOMIC_ACQUIRE/\1__ATOMIC_RELAXED/
