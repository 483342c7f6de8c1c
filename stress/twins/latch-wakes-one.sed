# file: concurrency/latch.c
# bug: who opens the latch wakes one of those who wait
# killed-by: native tsan
s/INT_MAX/1/
