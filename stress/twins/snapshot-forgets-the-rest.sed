# file: concurrency/reclaimer.c
# bug: a destructor that yields gets no second turn
# killed-by: native asan explore
s/return !again;/return true;/
