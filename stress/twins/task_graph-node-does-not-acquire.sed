# file: concurrency/task_graph.c
# bug: a node does not acquire what its predecessors did but for the last
# killed-by: tsan-bare explore genmc
# scenario: fan-in
s/memory_order_acq_rel/memory_order_release/
