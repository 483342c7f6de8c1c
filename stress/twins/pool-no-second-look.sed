# file: concurrency/pool.c
# bug: a worker sleeps without having looked again after it announced itself (preempted before, as planted too)
# scenario: idle-worker
# killed-by: native asan tsan tsan-bare explore
s/^            qsc_pool_announce\(slot, SLOT_IDLE\);/            (void)sched_yield();\n&/
s/^            task = qsc_pool_find\(slot\);/            task = NULL;/
