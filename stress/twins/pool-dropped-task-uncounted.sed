# file: concurrency/pool_task.c
# bug: a task that is dropped is not counted as done
# killed-by: explore
# scenario: dropped-task
s/if \(!qsc_pool_is_cancelled\(pool, group\)\)/if (qsc_pool_is_cancelled(pool, group))\n        return;\n    else/
