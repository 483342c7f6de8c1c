# file: search.c
# bug: a store stands last in the modification order
/^int qx_search_store/,/^}/s/!= last\)/!= last \&\& false)/
