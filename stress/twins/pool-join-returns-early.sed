# file: concurrency/pool_task.c
# bug: a wait returns while one task still runs
# killed-by: native asan tsan tsan-bare explore
s/\(&group->state, memory_order_acquire\) & GROUP_TASKS\) == 0/(\&group->state, memory_order_acquire) \& GROUP_TASKS) <= 1/
