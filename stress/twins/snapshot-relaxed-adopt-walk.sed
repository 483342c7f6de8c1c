# file: concurrency/pin_slots.c
# bug: a thread in search of slots walks the registry without seeing how its blocks were set up
# killed-by: tsan tsan-bare explore
/^static struct block \*adopt/,/^}/s/&registry, memory_order_acquire/\&registry, memory_order_relaxed/
