# file: concurrency/hazard.c
# bug: who scans does not acquire what others retired
# killed-by: tsan-bare genmc
s/NULL, __ATOMIC_ACQUIRE\)/NULL, __ATOMIC_RELAXED)/
