# file: concurrency/hazard.h
# bug: a protection is given up before its last use
# killed-by: tsan-bare genmc
s/slots\[slot\], NULL, __ATOMIC_RELEASE/slots[slot], NULL, __ATOMIC_RELAXED/
