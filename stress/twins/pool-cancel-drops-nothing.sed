# file: concurrency/pool_task.c
# bug: tasks of a cancelled group are run
# killed-by: native explore
# scenario: dropped-task
s/if \(!qsc_pool_is_cancelled\(pool, group\)\)//
