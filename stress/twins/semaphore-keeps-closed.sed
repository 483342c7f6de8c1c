# file: concurrency/semaphore.c
# bug: the semaphore stays closed when the head has its units (closed at the first vain wake-up, so that there are many)
# killed-by: native tsan
s/define PATIENCE 16/define PATIENCE 1/
s/\(seen & ~\(HEAD \| CLOSED\)\) - /(seen \& ~HEAD) - /
