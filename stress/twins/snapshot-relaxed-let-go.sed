# file: concurrency/pin_slots.c
# bug: a thread gives up its slots before it has done with them
# killed-by: tsan tsan-bare explore
/^static void release_blocks/,/^}/s/memory_order_release/memory_order_relaxed/
