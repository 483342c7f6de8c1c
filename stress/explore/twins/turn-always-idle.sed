# file: idle.c
# bug: a turn is idle whatever it stores
# noticed-by: faults COUNT
/^bool qx_turn_is_idle/,/^}/s/return false;/continue;/
