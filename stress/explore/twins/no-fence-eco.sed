# file: sc.c
# bug: what was read and written between seq_cst fences does not order them
/^static bool by_eco/,/^}/s/if \(event->location == QX_NONE\)/if (event)/
