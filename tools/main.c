/* quiesce: the program. */
#include "commands.h"

#include <stddef.h>

static const struct qsc_command *const commands[] = {
    &qsc_demo_command, &qsc_train_command, &qsc_eval_command, &qsc_tag_command, &qsc_tokenize_command, NULL,
};

int main(int argc, char **argv)
{
    static const struct qsc_program quiesce = {
        "quiesce",
        "A BERT tagger that trains while it answers, and swaps its weights without stopping a reader.",
        commands,
    };
    return qsc_program_run(&quiesce, argc, argv);
}
