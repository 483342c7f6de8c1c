# file: concurrency/mutex.c
# bug: a waiter that takes the mutex forgets those who still sleep
# killed-by: native tsan explore
s/return next & WAITERS \? next \| ASLEEP : next;/return next;/
