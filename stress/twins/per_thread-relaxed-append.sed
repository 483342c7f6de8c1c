# file: concurrency/per_thread.c
# bug: a slot is seen in the list before it is set up
# killed-by: tsan-bare explore genmc
/^static struct qsc_per_thread_slot \*append/,/^}/s/__ATOMIC_SEQ_CST/__ATOMIC_RELAXED/
