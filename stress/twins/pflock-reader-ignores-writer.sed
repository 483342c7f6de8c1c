# file: concurrency/pflock.c
# bug: a reader enters while a writer is inside
# killed-by: native genmc
/^void qsc_pflock_read_lock/,/^}/s/seen & WRITER\)/seen == UINT32_MAX)/
