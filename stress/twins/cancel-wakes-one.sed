# file: concurrency/cancel.c
# bug: a request wakes one of those that wait with the token
# killed-by: explore genmc
# scenario: two-sleep
s/INT_MAX/1/
