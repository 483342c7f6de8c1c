# file: concurrency/spin.c
# bug: the MCS lock is handed over without a release
# killed-by: tsan-bare genmc
/^void qsc_mcs_unlock/,/^}/s/waiting, 0, __ATOMIC_RELEASE/waiting, 0, __ATOMIC_RELAXED/
