# file: concurrency/brlock.c
# bug: a reader says that it is inside or has left by a release: it may have looked for a writer before
# killed-by: explore genmc
/^static void say/,/^}/s/inside, __ATOMIC_SEQ_CST/inside, __ATOMIC_RELEASE/
