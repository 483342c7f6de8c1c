# file: concurrency/pool_task.c
# bug: a worker that falls asleep does not look for tasks of low groups
# killed-by: explore
# scenario: idle-worker-low
s/return task \? task : take_of_priority\(pool, QSC_PRIORITY_LOW\)/return task/
