# file: concurrency/rwlock.c
# bug: the last reader does not wake the writer that waits
# killed-by: native tsan explore
/^static void leave/,/^}/s/qsc_port_futex_wake\(&lock->state, 1\)/(void)lock/
