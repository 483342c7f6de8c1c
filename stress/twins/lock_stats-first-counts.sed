# file: concurrency/lock_stats.h
# bug: the first owner counts as a change
# killed-by: native explore
s/\(operations != 0\)/1/
