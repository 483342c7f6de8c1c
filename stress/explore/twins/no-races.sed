# file: shadow.c
# bug: accesses that are not ordered are no race
s/overlap && !ordered && \(new->write/overlap \&\& false \&\& (new->write/
