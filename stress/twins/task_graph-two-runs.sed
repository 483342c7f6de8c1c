# file: concurrency/task_graph.c
# bug: who finds the graph free runs it, whoever has begun since
# killed-by: native explore genmc
# scenario: two-run
s/atomic_exchange_explicit\(&graph->running, true, memory_order_acquire\)/atomic_load_explicit(\&graph->running, memory_order_acquire)/
s/^    graph->pool = pool;/    qsc_port_yield();\n    atomic_store_explicit(\&graph->running, true, memory_order_relaxed);\n&/
