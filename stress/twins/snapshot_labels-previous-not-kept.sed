# file: concurrency/snapshot_labels.c
# bug: a promotion retires the version to which a rollback returns
# killed-by: native asan explore
s/^    if \(dropped\)$/    qsc_version_retire(writer, writer->previous);\n&/
