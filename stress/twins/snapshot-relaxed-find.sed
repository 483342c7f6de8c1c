# file: concurrency/snapshot.c
# bug: an empty slot is taken without seeing what its last pin's holder did
# killed-by: tsan tsan-bare explore
s/^#include <quiesce\/concurrency\/pin_slots.h>/#include <stdatomic.h>\n#define memory_order_acquire memory_order_relaxed\n&/
