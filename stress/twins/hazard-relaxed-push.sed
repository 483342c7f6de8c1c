# file: concurrency/hazard.c
# bug: what is retired is not released to who scans
# killed-by: tsan-bare genmc
s/true, __ATOMIC_RELEASE,/true, __ATOMIC_RELAXED,/
