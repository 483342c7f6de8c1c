# file: concurrency/snapshot_labels.c
# bug: a promoted version is no canary any more before it is the current one (and the thread is preempted in between)
# killed-by: native explore
/^static int promote_locked/,/^}/s/^    qsc_label_set\(&cell->current.*/    qsc_label_set(\&cell->canary, NULL);\n    nanosleep(\&(struct timespec){.tv_nsec = 20000}, NULL);\n&/
