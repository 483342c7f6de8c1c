# file: concurrency/deque.c
# bug: a thief looks at the bottom with acquire: it may miss that the owner has come down
# killed-by: explore
/^int qsc_deque_steal/,/^}/s/(&deque->bottom, memory_order_)seq_cst/\1acquire/
