# file: concurrency/pool_task.c
# bug: the last task looks at its group again after it has let the wait return
# killed-by: tsan tsan-bare explore
/^static void run_task/,/^}/s/^    if \(\(before & GROUP_TASKS\) != 1/    before = atomic_load_explicit(\&group->state, memory_order_relaxed) + 1;\n&/
