/* What may be claimed of locks by measurements on a machine, and what may not. */
#ifndef QUIESCE_LAB_CLAIMS_H
#define QUIESCE_LAB_CLAIMS_H

#include "machine.h"

#include <stddef.h>

struct lab_claim {
    const char *about;
    bool (*supported)(const struct lab_machine *machine);
    const char *needs; /* what a machine must have that it may be claimed */
};

extern const struct lab_claim lab_claims[];
extern const size_t lab_claim_count;

#endif
