# file: concurrency/seqlock.h
# bug: no read begins again
# killed-by: native tsan
/qsc_seqlock_read_retry\(const/,/^}/s/return .*;/return lock == NULL \&\& sequence;/
