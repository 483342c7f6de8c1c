# file: concurrency/seqlock.h
# bug: a write does not show that it began
# killed-by: native tsan
/^static inline void qsc_seqlock_write_begin/,/^}/s/sequence \+ 1/sequence/
/^static inline void qsc_seqlock_write_end/,/^}/s/sequence \+ 1/sequence + 2 - (sequence \& 1)/
