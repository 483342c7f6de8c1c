# file: concurrency/reclaimer.c
# bug: one version more than the bound is let in
# killed-by: native asan tsan tsan-bare
s/reclaimer->live \+ objects > reclaimer->max_live/reclaimer->live > reclaimer->max_live/
