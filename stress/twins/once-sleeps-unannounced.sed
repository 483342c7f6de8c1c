# file: concurrency/once.c
# bug: a waiter falls asleep while nobody knows of it
# killed-by: native tsan
s/&running, AWAITED, memory/\&running, RUNNING, memory/
s/&once->word, AWAITED, deadline/\&once->word, RUNNING, deadline/
