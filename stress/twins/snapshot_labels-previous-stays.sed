# file: concurrency/snapshot_labels.c
# bug: a version that a rollback brought back is the previous one as well
# killed-by: native asan explore
/qsc_label_set\(&cell->current, previous\);/,/writer->previous = NULL;/s/^        writer->previous = NULL;$//
