# file: concurrency/hazard.h
# bug: an object is protected without seeing how it was set up
# killed-by: tsan-bare genmc
s/\(pointer, __ATOMIC_ACQUIRE/(pointer, __ATOMIC_RELAXED/
