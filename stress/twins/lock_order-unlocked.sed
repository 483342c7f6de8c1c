# file: concurrency/lock_order.c
# bug: the graph is not locked
# killed-by: tsan tsan-bare
s/^    \(void\)pthread_mutex_(un)?lock\(&graph\);$//
