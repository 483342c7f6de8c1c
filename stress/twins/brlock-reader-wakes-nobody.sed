# file: concurrency/brlock.c
# bug: a reader that leaves does not wake the writer that waits
# killed-by: explore genmc
/^static void leave/,/^}/s/qsc_port_futex_wake\(word, 1\)/(void)word/
