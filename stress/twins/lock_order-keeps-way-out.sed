# file: concurrency/lock_order.c
# bug: a forgotten pair is still searched
# killed-by: asan
s/^            unlink_out\(edge\);$//
