# file: search.c
# bug: a store may stand between a read-modify-write and what it read
s/^        if \(qx_graph_claimed\(g, location, d->at\)\)$/        if (false)/
s/ && !qx_graph_claimed\(g, location, before\);/;/
