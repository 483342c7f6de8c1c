# file: concurrency/pflock.c
# bug: a writer does not acquire what readers did
# killed-by: tsan-bare genmc
/^static bool readers_left/,/^}/s/__ATOMIC_ACQUIRE/__ATOMIC_RELAXED/
