# file: concurrency/brlock.c
# bug: a writer closes the lock by acq_rel: it may have looked for readers before
# killed-by: explore genmc
/^static bool close_fast/,/^}/s/__ATOMIC_SEQ_CST/__ATOMIC_ACQ_REL/
