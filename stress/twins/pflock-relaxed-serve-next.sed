# file: concurrency/pflock.c
# bug: a writer does not release for the next one
# killed-by: tsan-bare genmc
/^static void serve_next/,/^}/s/__ATOMIC_RELEASE/__ATOMIC_RELAXED/
