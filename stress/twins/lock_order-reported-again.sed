# file: concurrency/lock_order.c
# bug: a pair that was reported is not remembered
# killed-by: native
s/ \|\| find_edge\(from, to\)//
