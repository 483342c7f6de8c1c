# file: concurrency/pin_slots.c
# bug: a thread that gives back slots it found in use does not carry on their release
# killed-by: explore
/^static struct block \*adopt/,/^}/s/false, memory_order_release/false, memory_order_relaxed/
