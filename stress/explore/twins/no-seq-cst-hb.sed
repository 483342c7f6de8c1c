# file: sc.c
# bug: happens-before through other locations does not count for seq_cst
/^static bool scb_by_hb/,/^}/s/return departure != QX_NONE/return false \&\& departure != QX_NONE/
