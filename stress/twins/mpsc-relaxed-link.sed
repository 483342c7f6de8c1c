# file: concurrency/mpsc.c
# bug: push does not release the node
# killed-by: tsan tsan-bare explore
s/node, memory_order_release/node, memory_order_relaxed/
