# file: concurrency/reclaimer.c
# bug: only the new version is held against the bound on bytes
# killed-by: native asan tsan tsan-bare
s/reclaimer->live_bytes > reclaimer->max_live_bytes - bytes/false/
