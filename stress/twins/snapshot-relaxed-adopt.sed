# file: concurrency/pin_slots.c
# bug: a new thread takes over slots before the old one has let go
# killed-by: tsan tsan-bare explore
s/true, memory_order_acquire\)/true, memory_order_relaxed)/
