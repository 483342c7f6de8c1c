# file: concurrency/pin_slots.c
# bug: the reclaiming thread finds a slot empty without seeing what its holder did
# killed-by: tsan tsan-bare explore
s/memory_order_acquire\) == version/memory_order_relaxed) == version/
