# file: concurrency/deque.c
# bug: a thief that sees the last item taken may not see how far the bottom had come down
# killed-by: explore genmc
s/top \+ 1, memory_order_release/top + 1, memory_order_relaxed/
