# file: concurrency/lock_order.c
# bug: a lock inherits the pairs of the one that was where it is
# killed-by: native
s/^    remove_edges\(node\);$/    return;/
