# file: concurrency/gradbuf_rows.c
# bug: a row is taken for one that is in the list because it was once
# killed-by: native
s/\*held = place\[row\] < \*count && /*held = place[row] \&\& /
