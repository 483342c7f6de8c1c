# file: concurrency/pool_task.c
# bug: a worker begins an urgent task while others lie in its deque, where those who wait for them do not look
# killed-by: native asan tsan tsan-bare explore
# scenario: urgent
s/qsc_pool_lay_down\(slot\);/(void)slot;/
