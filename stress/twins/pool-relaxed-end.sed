# file: concurrency/pool_task.c
# bug: the end of a task does not release what it did
# killed-by: tsan tsan-bare explore
s/(&group->state, 1, )memory_order_acq_rel/\1memory_order_relaxed/
