# file: concurrency/reclaimer.c
# bug: a bound in bytes holds for each object by itself
# killed-by: native
s/reclaimer->live_bytes > reclaimer->max_live_bytes - bytes/false/
