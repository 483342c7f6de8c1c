# file: concurrency/mutex.c
# bug: a thread whose deadline passed stays counted as a waiter
# scenario: deadline-passes
# killed-by: native tsan explore
/^static int give_up/,/^}/s/without_waiter\(seen, reserved\)/seen/
