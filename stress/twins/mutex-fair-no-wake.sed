# file: concurrency/mutex.c
# bug: a hand-over wakes nobody
# killed-by: explore
# scenario: handed-over
/^static void hand_over/,/^}/s/(if \()qsc_port_futex_wake\(\(const uint32_t \*\)word, 1\) == 0/\1false/
