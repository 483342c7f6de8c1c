# file: concurrency/brlock.c
# bug: a writer at the head of the line closes the lock by a release: it may have looked for readers before
# killed-by: explore genmc
/^static int wait_in_line/,/^}/s/__ATOMIC_SEQ_CST/__ATOMIC_RELEASE/
