# file: concurrency/lock_stats.c
# bug: a wait counts for whatever lock is in the same list
# killed-by: native
s/stats && stats->lock != lock/false/
