# file: concurrency/brlock.c
# bug: a reader that leaves does not release, where there is membarrier(2)
# killed-by: tsan-bare
/^static void say/,/^}/s/__ATOMIC_RELEASE/__ATOMIC_RELAXED/
