/* A subcommand of `quiesce`: one file each, one line each in main.c. */
#ifndef QUIESCE_TOOLS_COMMAND_H
#define QUIESCE_TOOLS_COMMAND_H

enum { QSC_EXIT_OK = 0, QSC_EXIT_FAILURE = 1, QSC_EXIT_USAGE = 2 };

struct qsc_command {
    const char *name;
    const char *usage;   /* what follows the name: "--model DIR [--json]" */
    const char *summary; /* one line, shown by `quiesce --help` too */
    const char *details; /* further lines for the command's own --help, or NULL */
    /* argv[0] is the command's name; returns one of the exit codes above. */
    int (*run)(int argc, char **argv);
};

extern const struct qsc_command qsc_demo_command, qsc_train_command, qsc_eval_command, qsc_tag_command,
    qsc_tokenize_command;

extern const char *qsc_program; /* "quiesce", unless main says otherwise before anything else */

/* One clear line on standard error: "quiesce: ...". */
void qsc_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
