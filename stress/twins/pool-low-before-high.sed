# file: concurrency/pool_task.c
# bug: a worker begins tasks of low groups before those of high ones
# killed-by: native
/^static struct task \*take_urgent/,/^}/s/QSC_PRIORITY_HIGH/QSC_PRIORITY_LOW/
/^struct task \*qsc_pool_find/,/^}/s/QSC_PRIORITY_LOW/QSC_PRIORITY_HIGH/
