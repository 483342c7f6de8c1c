/* The machine and what it supports as JSON, as `env` prints it and every file of results has it. */
#ifndef QUIESCE_LAB_ENV_H
#define QUIESCE_LAB_ENV_H

#include "machine.h"

#include <jansson.h>

/* The caller's, or NULL where there is no memory. */
__attribute__((warn_unused_result)) json_t *lab_env_describe(const struct lab_machine *machine);

#endif
