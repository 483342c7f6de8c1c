# file: concurrency/hazard.c
# bug: a scan finds a slot empty without seeing what its thread did
# killed-by: tsan-bare genmc
s/slots\[slot\], __ATOMIC_ACQUIRE/slots[slot], __ATOMIC_RELAXED/
