# file: concurrency/pflock.c
# bug: a try takes the lock while readers are inside
# killed-by: native genmc
/^static bool take_if_free/,/^}/s/readers_left\(lock, seen & READERS\)/true/
