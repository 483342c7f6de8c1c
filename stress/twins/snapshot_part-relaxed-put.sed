# file: concurrency/snapshot_part.c
# bug: an owner gives up its share before it has done with the part
# killed-by: tsan tsan-bare explore
s/^#include <quiesce\/concurrency\/snapshot_part.h>/#define __ATOMIC_ACQ_REL __ATOMIC_RELAXED\n&/
