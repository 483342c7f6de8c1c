# file: concurrency/barrier.c
# bug: a thread whose deadline passed still counts as come
# killed-by: native tsan
s/&seen, seen - COME,/\&seen, seen,/
