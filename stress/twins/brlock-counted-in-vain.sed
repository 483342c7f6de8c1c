# file: concurrency/brlock.c
# bug: a reader that found the lock closed stays counted as inside
# killed-by: explore genmc
/^static bool read_lock_fast/,/^}/s/leave\(lock, word\);//
