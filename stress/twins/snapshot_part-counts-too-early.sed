# file: concurrency/snapshot_part.c
# bug: a part stops counting before it is destroyed (and its owner is preempted in between)
# killed-by: native
/^    part->destroy\(part\);/d
s/^    qsc_event_signal_unlock.*/&\n    nanosleep(\&(struct timespec){.tv_nsec = 20000}, NULL);\n    part->destroy(part);/
