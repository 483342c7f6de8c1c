# file: concurrency/reclaimer.c
# bug: a bound in bytes holds for each object by itself
# killed-by: native explore
s/reclaimer->live_bytes > reclaimer->max_live_bytes - bytes/false/
