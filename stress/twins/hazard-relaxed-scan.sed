# file: concurrency/hazard.c
# bug: a scan and a reader who has had his turn do not see what the other did before
# killed-by: explore genmc
s/turn, 1, __ATOMIC_ACQ_REL/turn, 1, __ATOMIC_RELAXED/
