# file: concurrency/seqlock.c
# bug: a writer does not acquire what the last one did
# killed-by: tsan-bare
/^static bool take/,/^}/s/__ATOMIC_ACQUIRE/__ATOMIC_RELAXED/
