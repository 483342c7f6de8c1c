# file: concurrency/reclaimer.c
# bug: destructors are called without a grace period
# killed-by: native asan genmc
/qsc_rcu_synchronize\(\);/d
