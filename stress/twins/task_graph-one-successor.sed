# file: concurrency/task_graph.c
# bug: of several nodes that may begin all but one are forgotten
# killed-by: native explore genmc
# scenario: fan-out
s/spawn\(ready\);/(void)ready;/
