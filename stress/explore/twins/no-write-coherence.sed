# file: graph.c
# bug: a load may read behind what its thread knows to be written
s/while \(floor != QX_NONE && !qx_covers\(g, hb, floor\)\)/while (floor != QX_NONE)/
