/* qsc-lab: which lock is faster, and which is fair. Each subcommand is a file of its own. */
#include "commands.h"

#include <string.h>

static const struct qsc_command *const commands[] = {&lab_list_command, &lab_env_command, &lab_fair_command,
                                                     &lab_compare_command, NULL};

static void print_usage(FILE *out)
{
    fputs("usage: qsc-lab COMMAND [OPTIONS]\n\n"
          "Compares locks under contention, and says when it cannot tell.\n\n"
          "Commands:\n",
          out);
    for (size_t i = 0; commands[i]; i++)
        fprintf(out, "  %-8s %s\n", commands[i]->name, commands[i]->summary);
    fputs("\nqsc-lab COMMAND --help explains a command.\n", out);
}

/* What could not be written is a failure. */
static int close_output(int status)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    qsc_complain("standard output could not be written whole: is the disk full?");
    return status == QSC_EXIT_OK ? QSC_EXIT_FAILURE : status;
}

int main(int argc, char **argv)
{
    qsc_program = "qsc-lab";
    if (argc < 2) {
        print_usage(stderr);
        return QSC_EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        print_usage(stdout);
        return close_output(QSC_EXIT_OK);
    }
    for (size_t i = 0; commands[i]; i++) {
        if (strcmp(argv[1], commands[i]->name) == 0)
            return close_output(commands[i]->run(argc - 1, argv + 1));
    }
    qsc_complain("unknown command '%s' (see qsc-lab --help)", argv[1]);
    return QSC_EXIT_USAGE;
}
