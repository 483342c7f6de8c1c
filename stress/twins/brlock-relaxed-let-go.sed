# file: concurrency/brlock.c
# bug: write unlock does not release
# killed-by: tsan-bare genmc
/^static void let_go/,/^}/s/__ATOMIC_RELEASE/__ATOMIC_RELAXED/
