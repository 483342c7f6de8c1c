# file: search.c
# bug: an execution goes on from a checkpoint behind the load that a revisit has changed
/^int qx_search_kept/,/^}/s/revisited < kin->kept \? revisited : kin->kept/kin->kept/
