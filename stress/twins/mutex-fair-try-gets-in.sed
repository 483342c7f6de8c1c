# file: concurrency/mutex.c
# bug: a newcomer takes a mutex that was handed over, by a try
# killed-by: explore
# scenario: handed-over
s/LOCKED \| RESERVED \| HANDED/LOCKED | RESERVED/
