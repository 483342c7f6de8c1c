# file: concurrency/latch.c
# bug: who opens the latch wakes nobody
# killed-by: native tsan
s/qsc_port_futex_wake\(&latch->word, INT_MAX\);/(void)latch;/
