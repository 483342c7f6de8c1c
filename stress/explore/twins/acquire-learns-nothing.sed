# file: graph.c
# bug: an acquire load does not learn what the store it reads has to tell
s/if \(qx_acquires\(load->order\)\)/if (false)/
