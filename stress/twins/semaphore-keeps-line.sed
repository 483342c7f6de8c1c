# file: concurrency/semaphore.c
# bug: who got its units does not leave the line to the next
# killed-by: native tsan
s/^    qsc_mutex_unlock\(&semaphore->line\);$//
