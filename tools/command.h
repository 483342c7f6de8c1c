/* A program of several commands: one file each, one line each in the program's main.c. */
#ifndef QUIESCE_TOOLS_COMMAND_H
#define QUIESCE_TOOLS_COMMAND_H

enum { QSC_EXIT_OK = 0, QSC_EXIT_FAILURE = 1, QSC_EXIT_USAGE = 2 };

struct qsc_command {
    const char *name;
    const char *usage;   /* what follows the name: "--model DIR [--json]" */
    const char *summary; /* one line, shown by the program's --help too */
    const char *details; /* further lines for the command's own --help, or NULL */
    /* argv[0] is the command's name; returns one of the exit codes above. */
    int (*run)(int argc, char **argv);
};

struct qsc_program {
    const char *name;
    const char *summary; /* what it is for, in a sentence */
    /* In the order in which a newcomer meets them; ends with NULL. */
    const struct qsc_command *const *commands;
};

/*
 * Runs the command that argv[1] names, or answers --help (-h, help) or --version.
 * Returns the exit code: the command's own, except that one whose output could not be written whole failed.
 * Blocks as the command does. Threads: once, from main.
 */
int qsc_program_run(const struct qsc_program *program, int argc, char **argv);

/* The name of the program that runs; "quiesce" where none was run, as in unit tests. */
const char *qsc_program_name(void);

/* One clear line on standard error, after the program's name and a colon. */
void qsc_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
