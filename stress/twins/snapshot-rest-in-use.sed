# file: concurrency/reclaimer.c
# bug: a version whose destructor has yielded is taken for pinned when the cell is to end
# killed-by: native explore
s/look\.oldest\.id \? IN_USE/reclaimer->waiting.oldest ? IN_USE/
