# file: concurrency/brlock.c
# bug: write unlock does not wake the head of the line
# killed-by: explore genmc
/^static void let_go/,/^}/s/qsc_port_futex_wake\(&lock->state, 1\)/(void)lock/
