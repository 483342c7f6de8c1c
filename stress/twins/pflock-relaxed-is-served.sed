# file: concurrency/pflock.c
# bug: a writer does not acquire what the one before it did
# killed-by: tsan-bare genmc
/^static bool is_served/,/^}/s/__ATOMIC_ACQUIRE/__ATOMIC_RELAXED/
