# file: concurrency/rwlock.c
# bug: downgrade leaves the lock before it enters again as a reader
# killed-by: native explore
/^void qsc_rwlock_downgrade/,/^}/s/READER - WRITER, memory_order_release\) & HEAD\)/0U - WRITER, memory_order_release) \& HEAD)/; /^void qsc_rwlock_downgrade/,/^}/s/^ *qsc_annotate_unlock_end.*/&\n    qsc_rwlock_read_lock(lock);/
