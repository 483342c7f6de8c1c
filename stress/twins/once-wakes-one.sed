# file: concurrency/once.c
# bug: who ran the function wakes one of those who wait
# killed-by: native tsan
s/INT_MAX/1/
