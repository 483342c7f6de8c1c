# file: concurrency/seqlock.h
# bug: a word is stored without a release
# killed-by: tsan tsan-bare genmc
/^static inline void qsc_seqlock_store/,/^}/s/__ATOMIC_RELEASE/__ATOMIC_RELAXED/
