# file: concurrency/mpmc.c
# bug: a pop reports the end of a closed queue while a push is under way (preempted half way, as planted too)
# killed-by: native asan tsan tsan-bare explore
s/== \(\*ticket \| CLOSED\)/\& CLOSED/
s/^    cell_of\(queue, \*ticket\)->item = item;/&\n    extern int sched_yield(void);\n    if (*ticket % 4 == 0)\n        sched_yield();/
