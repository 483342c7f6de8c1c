# file: concurrency/task_graph.c
# bug: a run does not release what it did
# killed-by: tsan-bare explore genmc
# scenario: two-run
s/(false, )memory_order_release/\1memory_order_relaxed/
