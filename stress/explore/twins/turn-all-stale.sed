# file: idle.c
# bug: a turn that stored or read another old value is left out as well
# noticed-by: faults SEEN_OLD
/^bool qx_chose_stale/,/^}/{
/while/,/^    }/s/return false;/continue;/
}
