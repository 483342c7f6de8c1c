# file: concurrency/brlock.c
# bug: a reader at the head of the line opens the lock before a writer can see it inside
# killed-by: explore
/^static int wait_in_line/,/^}/s/__ATOMIC_RELEASE/__ATOMIC_RELAXED/
