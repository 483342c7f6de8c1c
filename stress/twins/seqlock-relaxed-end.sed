# file: concurrency/seqlock.h
# bug: the end of a write does not release
# killed-by: tsan tsan-bare genmc
/^static inline void qsc_seqlock_write_end/,/^}/s/__ATOMIC_RELEASE/__ATOMIC_RELAXED/
