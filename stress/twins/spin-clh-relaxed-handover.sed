# file: concurrency/spin.c
# bug: the CLH lock is handed over without a release
# killed-by: tsan-bare genmc
/^qsc_clh_node \*qsc_clh_unlock/,/^}/s/released, 1, __ATOMIC_RELEASE/released, 1, __ATOMIC_RELAXED/
