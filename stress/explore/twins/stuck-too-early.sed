# file: idle.c
# bug: threads that have not seen the newest values count as stuck
# noticed-by: faults LIVELOCK
/^bool qx_stuck_for_ever/,/^}/s/!is_final\(g, e\)/false/
