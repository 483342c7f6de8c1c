# file: concurrency/mutex.c
# bug: who was handed the mutex leaves it closed to newcomers
# killed-by: explore
# scenario: handed-over
s/~\(ASLEEP \| HANDED\)/~ASLEEP/
