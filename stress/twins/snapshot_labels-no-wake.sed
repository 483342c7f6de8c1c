# file: concurrency/snapshot_labels.c
# bug: the reclaiming thread is not told of a version that was taken back
# killed-by: native
/^static int move_labels/,/^}/s/qsc_event_signal_unlock\(&writer->reclaimer, &writer->reclaimer.work\)/qsc_mutex_unlock(\&writer->reclaimer.lock)/
