# file: concurrency/rcu.c
# bug: synchronize waits for nobody
# killed-by: native asan tsan tsan-bare explore
/urcu_memb_synchronize_rcu\(\);/d
