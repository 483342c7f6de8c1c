# file: concurrency/spin.c
# bug: who waited for the MCS lock does not acquire
# killed-by: tsan-bare genmc
/^void qsc_mcs_lock/,/^}/s/__ATOMIC_ACQUIRE/__ATOMIC_RELAXED/
