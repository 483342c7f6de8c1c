# file: concurrency/pool_task.c
# bug: who has a task for a thread that waits looks for it with acquire: before the task is seen
# killed-by: explore
# scenario: helper
/^static struct slot \*waiter_of/,/^}/s/seq_cst\)/acquire)/
