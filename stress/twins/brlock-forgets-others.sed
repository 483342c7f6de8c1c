# file: concurrency/brlock.c
# bug: a writer does not look for readers without a word of their own
# killed-by: native
/^static uint32_t \*first_word/,/^}/s/return &lock->others;/return qsc_per_thread_next(\&lock->readers, NULL);/
