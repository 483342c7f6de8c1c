# file: walk.c
# bug: a walk does not ask for the order of the sequentially consistent
# noticed-by: fuzz
s/return qx_graph_sc\(g, &e, 1\);/return true;/; s/if \(qx_graph_sc\((g, &e, 1|g, [^)]*)\)\)/if (true)/
