# file: concurrency/brlock.c
# bug: read lock does not acquire
# killed-by: tsan-bare genmc
/^static uint32_t look/,/^}/s/__ATOMIC_SEQ_CST/__ATOMIC_RELAXED/
