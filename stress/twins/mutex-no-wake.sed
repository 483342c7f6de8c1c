# file: concurrency/mutex.c
# bug: unlock wakes nobody
# killed-by: native tsan explore
s/qsc_port_futex_wake\(&mutex->word, 1\);/(void)mutex;/
