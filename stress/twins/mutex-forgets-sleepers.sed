# file: concurrency/mutex.c
# bug: a waiter that takes the mutex forgets those who still sleep
# killed-by: native tsan
s/return next & WAITERS \? next \| ASLEEP : next;/return next;/
