/* qsc-lab: which lock is faster, and which is fair. */
#include "commands.h"

static const struct qsc_command *const commands[] = {
    &lab_list_command,    &lab_env_command,     &lab_fair_command,
    &lab_compare_command, &lab_latency_command, &lab_shake_command,
    &lab_sweep_command,   &lab_report_command,  NULL,
};

int main(int argc, char **argv)
{
    static const struct qsc_program lab = {
        "qsc-lab",
        "Compares locks under contention, and says when it cannot tell.",
        commands,
    };
    return qsc_program_run(&lab, argc, argv);
}
