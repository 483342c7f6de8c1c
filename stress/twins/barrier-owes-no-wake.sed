# file: concurrency/barrier.c
# bug: a waiter falls asleep without saying so
# killed-by: native tsan
s/uint32_t asleep = seen \| ASLEEP;/uint32_t asleep = seen;/
