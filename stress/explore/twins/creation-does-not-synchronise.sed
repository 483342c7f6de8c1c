# file: machine.c
# bug: what happened before a thread's creation does not happen before the thread
s/^ *qx_graph_join\(graph\(\), e, graph\(\)->thread\[m\.run\.current\]\.create\);//
