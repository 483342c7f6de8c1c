# file: graph.c
# bug: a load may read behind what its thread has read
s/if \(qx_covers\(g, hb, r\) &&/if (false \&\&/
