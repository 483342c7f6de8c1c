# file: graph.c
# bug: a release store tells nothing
/^static void set_message/,/^}/s/if \(qx_releases\(store->order\)\)/if (false)/
