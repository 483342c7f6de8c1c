# file: concurrency/pool_task.c
# bug: a worker begins tasks of low groups before those of high ones
# killed-by: native
/^struct task \*qsc_pool_find/,/^}/{
/LOW\);$/!s/QSC_PRIORITY_HIGH/QSC_PRIORITY_LOW/
s/return task \? task : take_of_priority\(pool, QSC_PRIORITY_LOW\)/return task ? task : take_of_priority(pool, QSC_PRIORITY_HIGH)/
}
