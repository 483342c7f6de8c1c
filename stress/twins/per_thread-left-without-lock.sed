# file: concurrency/per_thread.c
# bug: a thread that exits gives its slots away without the lock
# killed-by: tsan-bare explore genmc
/^static void leave_slots/,/^}/s/^    qsc_mutex_(un)?lock\(&lock\);$//
