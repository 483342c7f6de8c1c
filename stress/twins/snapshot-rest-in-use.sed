# file: concurrency/reclaimer.c
# bug: a version whose destructor has yielded is taken for pinned when the cell is to end
# killed-by: native explore
s/look\.oldest_pin_id \? IN_USE/writer->waiting.oldest ? IN_USE/
