# file: concurrency/brlock.c
# bug: a reader that finds the lock closed enters all the same
# killed-by: explore genmc
/^static bool read_lock_fast/,/^}/s/if \(!look\(lock\)\)/if (look(lock) < 4)/
