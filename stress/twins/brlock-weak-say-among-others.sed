# file: concurrency/brlock.c
# bug: a reader without a word of its own counts itself by acq_rel: it may have looked for a writer before
# killed-by: explore
/^static void say/,/^}/s/UINT32_MAX, __ATOMIC_SEQ_CST/UINT32_MAX, __ATOMIC_ACQ_REL/
