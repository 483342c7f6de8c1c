# file: search.c
# bug: two read-modify-writes may read the same store
s/if \(store != QX_NONE && qx_graph_claimed/if (false \&\& qx_graph_claimed/
