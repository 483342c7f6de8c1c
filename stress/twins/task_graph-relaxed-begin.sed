# file: concurrency/task_graph.c
# bug: a run does not acquire what the run before did
# killed-by: tsan-bare explore genmc
# scenario: two-run
s/(true, )memory_order_acquire/\1memory_order_relaxed/
