# file: concurrency/spin.c
# bug: unlock of the CLH lock keeps its own node although the successor takes it
# killed-by: native tsan
s/mine = lock->spare;/(void)0;/
