# file: concurrency/pin_slots.c
# bug: the reclaiming thread walks the registry without seeing how its blocks were set up
# killed-by: tsan tsan-bare explore
/^bool qsc_pin_slots_hold/,/^}/s/&registry, memory_order_acquire/\&registry, memory_order_relaxed/
