# file: concurrency/once.c
# bug: who ran the function wakes nobody
# killed-by: native tsan
s/qsc_port_futex_wake\(&once->word, INT_MAX\);/(void)once;/
