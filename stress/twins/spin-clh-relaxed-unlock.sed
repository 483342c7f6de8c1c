# file: concurrency/spin.c
# bug: unlock of a CLH lock without a line does not release
# killed-by: tsan-bare genmc
/^qsc_clh_node \*qsc_clh_unlock/,/^}/s/NULL, false, __ATOMIC_RELEASE/NULL, false, __ATOMIC_RELAXED/
