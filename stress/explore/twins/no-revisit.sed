# file: search.c
# bug: a new store is not offered to the loads that are there
s/if \(qx_covers\(g, prefix, r\) \|\| !is_maximal\(g, r, a\)\)/if (qx_covers(g, prefix, r) || g)/
