# file: concurrency/snapshot_part.c
# bug: the last owner leaves the part to others
# killed-by: native explore
s/if \(!qsc_refcount_put\(&part->owners\)\)/if (qsc_refcount_put(\&part->owners) || true)/
