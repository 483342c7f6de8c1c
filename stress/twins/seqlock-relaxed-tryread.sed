# file: concurrency/seqlock.c
# bug: a read that tries once does not acquire
# killed-by: tsan tsan-bare genmc
/^bool qsc_seqlock_tryread/,/^}/s/__ATOMIC_ACQUIRE/__ATOMIC_RELAXED/
