# file: concurrency/rwlock.c
# bug: a reader enters while a writer is inside
# killed-by: native tsan explore
/^static int read_lock/,/^}/s/seen & \(WRITER \| HEAD\)/seen \& HEAD/
