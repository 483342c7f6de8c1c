# file: concurrency/pool_task.c
# bug: a spawn wakes no idle worker
# scenario: idle-thief
# killed-by: native asan tsan tsan-bare explore
/^void qsc_task_spawn/,/^}/{
/qsc_pool_wake_idle/d
}
