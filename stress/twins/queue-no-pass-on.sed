# file: concurrency/queue.c
# bug: who leaves after a sleep does not pass the wake-up on (seen when a push is preempted half way, as planted too)
# killed-by: native asan tsan tsan-bare
s/if \(look\(queue_of\(queue_storage\), &next\) != EAGAIN\)/(void)look, (void)next; if (0)/
s/^    cell->item = item;/&\n    extern int sched_yield(void);\n    if (ticket % 4 == 0)\n        sched_yield();/
