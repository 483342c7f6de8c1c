# file: concurrency/mpsc.c
# bug: a pop calls a closed queue whose list is cut ended
# killed-by: explore
s/return back == 0 \? EAGAIN : back == CLOSED \? EPIPE : EBUSY;/return back == 0 ? EAGAIN : back \& CLOSED ? EPIPE : EBUSY;/
