# file: concurrency/deque.c
# bug: a thief may have looked at the bottom before the top
# killed-by: explore
/^int qsc_deque_steal/,/^}/s/(&deque->top, memory_order_)seq_cst/\1relaxed/
