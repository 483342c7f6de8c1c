/* The commands of `quiesce`, each a file. */
#ifndef QUIESCE_TOOLS_COMMANDS_H
#define QUIESCE_TOOLS_COMMANDS_H

#include "command.h"

extern const struct qsc_command qsc_demo_command, qsc_train_command, qsc_eval_command, qsc_tag_command,
    qsc_tokenize_command;

#endif
