# file: concurrency/pool_task.c
# bug: a waiting thread runs whatever it finds
# killed-by: native asan tsan tsan-bare
s/^    return group == above;/    return true;/
