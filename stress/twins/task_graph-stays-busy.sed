# file: concurrency/task_graph.c
# bug: a graph cannot be run again
# killed-by: native explore genmc
# scenario: fan-in
s/atomic_store_explicit\(&graph->running, false, memory_order_release\);//
