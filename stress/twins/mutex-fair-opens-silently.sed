# file: concurrency/mutex.c
# bug: a hand-over for which nobody slept opens the mutex, and does not wake who fell asleep meanwhile
# killed-by: explore
# scenario: comes-again
/^static void hand_over/,/^}/s/^        qsc_port_futex_wake\(.*\);/        (void)word;/
