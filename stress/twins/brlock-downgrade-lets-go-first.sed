# file: concurrency/brlock.c
# bug: downgrade opens the lock before it counts as a reader
# killed-by: native genmc
/^void qsc_brlock_downgrade/,/^}/{/fetch_add/d;s/let_go\(lock\);/let_go(lock);\n    (void)__atomic_fetch_add(word, 1, __ATOMIC_RELAXED);/}
