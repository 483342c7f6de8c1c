# file: concurrency/mutex.c
# bug: a waiter is not counted
# killed-by: native tsan explore
s/\(counted \? 0 : WAITER\)/0/
