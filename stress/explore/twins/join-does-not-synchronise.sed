# file: machine.c
# bug: a thread does not happen before its being joined
s/^ *qx_graph_join\(graph\(\), e, graph\(\)->thread\[thread\]\.last\);//
