# file: concurrency/reclaimer.c
# bug: the thread ends though something is left
# killed-by: native genmc
s/reclaimer->state != CLOSING \|\| reclaimer->live\)/reclaimer->state != CLOSING)/
