# file: sc.c
# bug: the order of seq_cst is not checked
/^bool qx_graph_sc/,/^}/s/^    reserve\(g\);/    if (g)\n        return true;\n&/
