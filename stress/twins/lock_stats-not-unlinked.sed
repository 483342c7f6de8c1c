# file: concurrency/lock_stats.c
# bug: what was detached is still in the list
# killed-by: asan explore
s/^    unlink_from\(bucket, stats\);$//
