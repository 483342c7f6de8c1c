# file: concurrency/spin.c
# bug: who waited for the CLH lock does not acquire
# killed-by: tsan-bare genmc
/^void qsc_clh_lock/,/^}/s/__ATOMIC_ACQUIRE/__ATOMIC_RELAXED/
