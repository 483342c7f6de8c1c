# file: concurrency/pin_slots.c
# bug: a block of slots is seen in the registry before it is set up
# killed-by: tsan tsan-bare explore
s/&block->older, block, memory_order_release/\&block->older, block, memory_order_relaxed/
