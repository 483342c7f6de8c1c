# file: concurrency/seqlock.h
# bug: a read that finds no writer does not acquire what the last one did
# killed-by: tsan tsan-bare
/^static inline uint64_t qsc_seqlock_read_begin/,/^}/s/__ATOMIC_ACQUIRE/__ATOMIC_RELAXED/
