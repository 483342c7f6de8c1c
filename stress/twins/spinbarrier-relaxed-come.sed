# file: concurrency/spinbarrier.c
# bug: coming does not release what was done before, nor does the last acquire it
# killed-by: tsan-bare explore genmc
s/__ATOMIC_ACQ_REL/__ATOMIC_RELAXED/
