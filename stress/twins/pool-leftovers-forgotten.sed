# file: concurrency/pool_task.c
# bug: a thread sleeps in a wait without looking beneath the strangers in its own deque
# killed-by: native asan tsan tsan-bare
s/task = dig\(slot, group\);/(void)dig;/
