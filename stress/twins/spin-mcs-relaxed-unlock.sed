# file: concurrency/spin.c
# bug: unlock of an MCS lock without a line does not release
# killed-by: tsan-bare genmc
/^void qsc_mcs_unlock/,/^}/s/NULL, false, __ATOMIC_RELEASE/NULL, false, __ATOMIC_RELAXED/
