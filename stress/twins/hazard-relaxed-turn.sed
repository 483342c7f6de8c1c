# file: concurrency/hazard.h
# bug: a reader and a scan that has had its turn do not see what the other did before
# killed-by: explore genmc
s/turn, 1, __ATOMIC_ACQ_REL/turn, 1, __ATOMIC_RELAXED/
