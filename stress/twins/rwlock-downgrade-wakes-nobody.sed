# file: concurrency/rwlock.c
# bug: downgrade does not wake the head of the line
# killed-by: explore
/^void qsc_rwlock_downgrade/,/^}/s/qsc_port_futex_wake\(&lock->state, 1\)/(void)lock/
