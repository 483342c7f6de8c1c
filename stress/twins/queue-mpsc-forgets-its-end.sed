# file: concurrency/mpsc.c
# bug: the pop that empties a closed queue opens it again
# killed-by: native explore
s/&back, back & CLOSED,/\&back, 0,/
