# file: concurrency/task_graph.c
# bug: the end of a node does not release what it did
# killed-by: tsan-bare explore genmc
# scenario: fan-in
s/memory_order_acq_rel/memory_order_acquire/
