# file: concurrency/pool_task.c
# bug: the last task of a group does not wake the thread that waits for it
# killed-by: native asan tsan tsan-bare explore
/^static void run_task/,/^}/s/if \(waiter\)/if (0)/
