# file: concurrency/reclaimer.c
# bug: versions are destroyed though a slot holds them
# killed-by: native asan tsan tsan-bare
s/bool pinned = qsc_pin_slots_hold/bool pinned = false \&\& qsc_pin_slots_hold/
