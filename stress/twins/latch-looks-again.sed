# file: concurrency/latch.c
# bug: who counts down looks for waiters after the latch may have been freed (and dawdles, so that it can)
# killed-by: asan
s/^    if \(before == \(n \| ASLEEP\) && n != 0\)/    for (int i = 0; i < 1000; i++)\n        qsc_port_pause();\n    if (before == n || look(latch) == ASLEEP)/
s/^void qsc_latch_count_down/static uint32_t look(qsc_latch *latch);\n&/
