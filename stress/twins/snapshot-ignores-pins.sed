# file: concurrency/reclaimer.c
# bug: versions are destroyed though a slot holds them
# killed-by: native asan tsan tsan-bare
s/bool held = reclaimer->is_held/bool held = false \&\& reclaimer->is_held/
