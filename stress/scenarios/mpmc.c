/* The scenarios of ring.h with the queue of many producers and consumers. */
#include <quiesce/concurrency/mpmc.h>

static qsc_mpmc queue;
#define RING(call) qsc_mpmc_##call
#include "ring.h"
