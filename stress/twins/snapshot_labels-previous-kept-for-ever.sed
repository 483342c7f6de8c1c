# file: concurrency/snapshot_labels.c
# bug: a promotion forgets the version that was the previous one
# killed-by: native
s/dropped = writer->previous;/dropped = NULL;/
