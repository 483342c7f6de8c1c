# file: concurrency/hazard.c
# bug: a scan does not find the records announced before it, nor their threads what was unlinked
# killed-by: explore genmc
s/threads, 0, __ATOMIC_ACQ_REL/threads, 0, __ATOMIC_RELAXED/
