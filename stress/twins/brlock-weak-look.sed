# file: concurrency/brlock.c
# bug: a reader looks for a writer with acquire: before the writer sees it
# killed-by: explore genmc
/^static uint32_t look/,/^}/s/__ATOMIC_SEQ_CST/__ATOMIC_ACQUIRE/
