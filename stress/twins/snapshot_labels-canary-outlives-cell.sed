# file: concurrency/snapshot.c
# bug: the end of a cell forgets the canary
# killed-by: native
s/for \(int i = 0; i < 3; i\+\+\)$/for (int i = 0; i < 3; i += 2)/
