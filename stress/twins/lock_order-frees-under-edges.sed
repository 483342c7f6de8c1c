# file: concurrency/lock_order.c
# bug: a forgotten lock is still in the pairs of others
# killed-by: asan
s/^    remove_edges\(node\);$//
