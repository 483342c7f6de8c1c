# file: concurrency/mpsc.c
# bug: the consumer's NULL may come after the node that the next push puts there
# killed-by: explore genmc
s/^( *)memory_order_release, memory_order_relaxed/\1memory_order_relaxed, memory_order_relaxed/
