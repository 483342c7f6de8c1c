# file: concurrency/barrier.c
# bug: the round is complete when one thread is missing
# killed-by: native tsan
s/\+ COME >= barrier->parties;/+ 2 * COME >= barrier->parties;/
