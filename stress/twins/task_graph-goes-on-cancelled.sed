# file: concurrency/task_graph.c
# bug: a thread goes on with the successors of the node that cancelled the run
# killed-by: native
s/ && !qsc_task_cancelled\(graph->pool\)//
