# file: concurrency/pool_task.c
# bug: a task of a high or low group goes into the deque of the thread that spawns it
# killed-by: native
s/ \|\| __builtin_expect\(group->priority != QSC_PRIORITY_NORMAL, 0\)//
