# file: concurrency/mpsc.c
# bug: the consumer's NULL may come after the node that the next push puts there
# killed-by: explore
s/&back, 0, memory_order_release/\&back, 0, memory_order_relaxed/
