# file: concurrency/seqlock.c
# bug: a read that tries once does not see that a writer is inside
# killed-by: native tsan
/^bool qsc_seqlock_tryread/,/^}/s/sequence & 1/sequence == UINT64_MAX/
