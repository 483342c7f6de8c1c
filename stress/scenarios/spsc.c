/* The scenarios of ring.h with the queue of one producer and one consumer. */
#include <quiesce/concurrency/spsc.h>

static qsc_spsc queue;
#define RING(call) qsc_spsc_##call
#include "ring.h"
