# file: park.c
# bug: who slept on several futexes stays in the line of those by which it was not woken
# noticed-by: faults LOST_WAITV
/^static int leave_all/,/^}/s/remove_sleeper\(q, self\);/(void)self;/
