# file: idle.c
# bug: what a waiting loop stored and took back counts as never seen
# noticed-by: faults SEEN
/^bool qx_turn_was_seen/,/^}/s/return true;/return false;/
