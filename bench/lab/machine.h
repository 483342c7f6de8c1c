/* The machine that a result comes from, as far as Linux tells. */
#ifndef QUIESCE_LAB_MACHINE_H
#define QUIESCE_LAB_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

enum { LAB_CACHES_MAX = 8 };

struct lab_cache {
    char level[8], type[16], size[16];
    unsigned shared_by; /* processors */
};

/* "unknown" where Linux does not say; the shares and counts are 0 then. */
struct lab_machine {
    char cpu[96], kernel[96], libc[32];
    char hypervisor[32]; /* empty: none that can be seen */
    unsigned processors; /* that the process may use */
    unsigned threads_per_core, numa_nodes;
    struct lab_cache caches[LAB_CACHES_MAX];
    unsigned cache_count;
    char governor[32], clock_source[32];
    bool membarrier, futex_waitv; /* which our locks use where they are */
    bool pmu, energy;             /* counters of cache misses and the like, of energy */
    double steal;                 /* share of the processors' time since boot; below 0: unknown */
};

/* Does not block but for reading some files. */
void lab_machine_read(struct lab_machine *machine);

/* Units of time of all processors since boot: all, and those that the hypervisor gave to others. Returns
 * whether they are to be had. */
bool lab_jiffies(uint64_t *all, uint64_t *stolen);

#endif
