# file: concurrency/brlock.c
# bug: a writer looks for readers with acquire: before they see that it comes
# killed-by: explore genmc
/^static bool is_empty/,/^}/s/__ATOMIC_SEQ_CST/__ATOMIC_ACQUIRE/
