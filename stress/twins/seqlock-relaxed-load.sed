# file: concurrency/seqlock.h
# bug: a word of a write that is under way is loaded without an acquire
# killed-by: tsan tsan-bare genmc
/^static inline uint64_t qsc_seqlock_load/,/^}/s/__ATOMIC_ACQUIRE/__ATOMIC_RELAXED/
