# file: concurrency/hazard.c
# bug: a new record is not announced: neither does a scan find it, nor its thread what was unlinked
# killed-by: explore genmc
s/threads, 1, __ATOMIC_ACQ_REL/threads, 1, __ATOMIC_RELAXED/
