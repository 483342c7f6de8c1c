# file: graph.c
# bug: a release fence before a relaxed store is not seen
s/else if \(store->fence != QX_NONE\)/else if (false)/
