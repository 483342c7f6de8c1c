# file: concurrency/mutex.c
# bug: a mutex stays handed over although nobody slept
# killed-by: explore
# scenario: handed-over-too-late
/^static void hand_over/,/^}/s/~HANDED/~0U/
