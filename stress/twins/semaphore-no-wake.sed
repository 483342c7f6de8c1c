# file: concurrency/semaphore.c
# bug: a post wakes nobody
# killed-by: native tsan
s/qsc_port_futex_wake\(&semaphore->state, 1\);/(void)semaphore;/
