# file: concurrency/task_graph.c
# bug: a run begins with the counts of the run before
# killed-by: native explore genmc
# scenario: fan-in
/^static void run\(/,/^}/s/await_all_predecessors\(graph\);//
