# file: concurrency/mpsc.c
# bug: a push into a queue with an end exchanges the back without a look at the close (preempted before, as planted too)
# killed-by: native asan explore
/^static int trypush/,/^}/{
/^ *do \{/i extern int sched_yield(void);\nif ((uintptr_t)node % 128 == 0)\n    (void)sched_yield();
s/back & CLOSED/0/
}
