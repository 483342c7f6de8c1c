# file: concurrency/task_graph.c
# bug: a node begins after the first of its predecessors
# killed-by: native explore genmc
# scenario: fan-in
s/(pending, 1, memory_order_acq_rel\)) != 1/\1 != successor->predecessors/
