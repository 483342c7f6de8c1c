/* Which kinds of claim about locks measurements on a machine support, and which not. */
#ifndef QUIESCE_LAB_SUPPORT_H
#define QUIESCE_LAB_SUPPORT_H

#include "machine.h"

#include <stddef.h>

struct lab_claim_kind {
    const char *about;
    bool (*supported)(const struct lab_machine *machine);
    const char *needs; /* what a machine must have that it may be claimed */
};

extern const struct lab_claim_kind lab_claim_kinds[];
extern const size_t lab_claim_kind_count;

#endif
