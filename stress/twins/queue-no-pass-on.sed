# file: concurrency/mpmc.c
# bug: who leaves after a sleep does not pass the wake-up on (seen when a push is preempted half way, as planted too)
# killed-by: native asan tsan tsan-bare
/\.look_for_/d
s/^    cell_of\(queue, \*ticket\)->item = item;/&\n    extern int sched_yield(void);\n    if (*ticket % 4 == 0)\n        sched_yield();/
