# file: concurrency/per_thread.c
# bug: who goes through the slots does not see how they were set up
# killed-by: tsan-bare explore genmc
/^void \*qsc_per_thread_next/,/^}/s/__ATOMIC_SEQ_CST/__ATOMIC_RELAXED/
