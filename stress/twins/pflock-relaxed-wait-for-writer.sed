# file: concurrency/pflock.c
# bug: a reader that waited does not acquire
# killed-by: tsan-bare genmc
/^static void wait_for_writer/,/^}/s/__ATOMIC_ACQUIRE/__ATOMIC_RELAXED/
