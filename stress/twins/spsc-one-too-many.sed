# file: concurrency/spsc.c
# bug: a push takes a full ring for one with room
# killed-by: native explore
s/position - other > end->mask\)/position - other > end->mask + 1)/
