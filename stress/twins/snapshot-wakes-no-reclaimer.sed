# file: concurrency/snapshot.c
# bug: the reclaiming thread is not told of a replaced version
# killed-by: native asan tsan tsan-bare explore
/^static int publish_now/,/^}/s/qsc_event_signal_unlock\(writer, &writer->work\);/qsc_mutex_unlock(\&writer->lock);/
/^int qsc_snapshot_publish_until/,/^}/s/qsc_event_signal_unlock\(writer, &writer->work\);/qsc_mutex_unlock(\&writer->lock);/
