# file: graph.c
# bug: an acquire fence learns nothing from the loads before it
/^void qx_graph_fence/,/^}/s/g->event\[i\]\.rf != QX_NONE\)/false)/
