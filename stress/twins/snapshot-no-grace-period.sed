# file: concurrency/reclaimer.c
# bug: slots are searched without a grace period before
# scenario: replace-in-section
# killed-by: native asan tsan tsan-bare explore
/qsc_rcu_synchronize\(\);/d
