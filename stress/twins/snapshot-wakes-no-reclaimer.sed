# file: concurrency/snapshot_writer.c
# bug: the reclaiming thread is not told of a replaced version
# scenario: publish-waits
# killed-by: native asan tsan tsan-bare explore
/^int qsc_version_publish_unlock/,/^}/s/qsc_event_signal_unlock\(&writer->reclaimer, &writer->reclaimer.work\);/qsc_mutex_unlock(\&writer->reclaimer.lock);/
