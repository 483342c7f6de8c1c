# file: concurrency/barrier.c
# bug: the last is the last to come, and frees the barrier under those who still wake
# killed-by: asan
s/^        \*last = leave\(barrier\);/        *last = is_last_to_come(barrier, seen), leave(barrier);/
