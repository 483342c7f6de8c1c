# file: concurrency/brlock.c
# bug: a writer interrupts nobody: a reader that has just entered is seen too late
# killed-by: native
s/if \(lock->has_membarrier\)$/if (0)/
