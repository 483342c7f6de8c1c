# file: concurrency/condvar.c
# bug: a broadcast wakes one thread
# killed-by: native tsan
s/INT_MAX/1/
