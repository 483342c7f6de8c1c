# file: concurrency/lock_stats.c
# bug: the longest wait is the last one
# killed-by: native
s/counts->longest_wait_ns < ns/counts/
