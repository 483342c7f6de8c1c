# file: concurrency/seqlock.c
# bug: a read that waited for a writer does not acquire what it did
# killed-by: tsan tsan-bare
/^uint64_t qsc_seqlock_read_begin_slow/,/^}/s/__ATOMIC_ACQUIRE/__ATOMIC_RELAXED/
