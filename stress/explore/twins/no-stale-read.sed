# file: search.c
# bug: a load reads the newest store only
/^int qx_search_load/,/^}/s/!= newest\)/!= newest \&\& false)/
