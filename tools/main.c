/* quiesce: the program. Each subcommand is a file of its own; this one only finds it. */
#include "command.h"

#include <stdio.h>
#include <string.h>

/* In the order in which a newcomer meets them; ends with NULL. */
static const struct qsc_command *const commands[] = {
    &qsc_demo_command, &qsc_train_command, &qsc_eval_command, &qsc_tag_command, &qsc_tokenize_command, NULL,
};

static void print_usage(FILE *out)
{
    fputs("usage: quiesce COMMAND [OPTIONS]\n\n"
          "A BERT tagger that trains while it answers, and swaps its weights without stopping a reader.\n\n"
          "Commands:\n",
          out);
    for (size_t i = 0; commands[i]; i++)
        fprintf(out, "  %-10s %s\n", commands[i]->name, commands[i]->summary);
    fputs("\nquiesce COMMAND --help explains a command; quiesce --version prints the version.\n", out);
}

/* Results may be piped into a full disk: what could not be written is a failure, not a success. */
static int close_output(int status)
{
    if (fflush(stdout) != 0 || ferror(stdout)) {
        qsc_complain("standard output could not be written whole: is the disk full?");
        return status == QSC_EXIT_OK ? QSC_EXIT_FAILURE : status;
    }
    return status;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        print_usage(stderr);
        return QSC_EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
        print_usage(stdout);
        return close_output(QSC_EXIT_OK);
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts("quiesce " QSC_VERSION);
        return close_output(QSC_EXIT_OK);
    }
    for (size_t i = 0; commands[i]; i++) {
        if (strcmp(argv[1], commands[i]->name) == 0)
            return close_output(commands[i]->run(argc - 1, argv + 1));
    }
    qsc_complain("unknown command '%s' (see quiesce --help)", argv[1]);
    return QSC_EXIT_USAGE;
}
