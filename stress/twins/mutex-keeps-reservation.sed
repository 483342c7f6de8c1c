# file: concurrency/mutex.c
# bug: the reservation outlives the thread that made it (made at the first vain wake-up, so that there are many)
# killed-by: native tsan explore
s/define PATIENCE 16/define PATIENCE 1/
s/next &= ~RESERVED;/(void)next;/
