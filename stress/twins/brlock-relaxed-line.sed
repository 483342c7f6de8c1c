# file: concurrency/brlock.c
# bug: the head of the line does not acquire
# killed-by: tsan-bare genmc
/^static int wait_in_line/,/^}/s/__ATOMIC_ACQUIRE/__ATOMIC_RELAXED/
