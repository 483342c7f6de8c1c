# file: concurrency/pool_cancel.c
# bug: nobody is told to look for a cancelled group
# killed-by: explore
# scenario: dropped-task
s/atomic_fetch_add_explicit\(.*\);/(void)pool;/
