# file: concurrency/brlock.c
# bug: a writer looks with acquire whether it must wait for a reader: it may fall asleep on one that has left
# killed-by: explore genmc
/^static int wait_for_readers/,/^}/s/__ATOMIC_SEQ_CST/__ATOMIC_ACQUIRE/
