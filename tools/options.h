/* One table of options per subcommand: it parses the command line and prints --help. */
#ifndef QUIESCE_TOOLS_OPTIONS_H
#define QUIESCE_TOOLS_OPTIONS_H

#include "command.h"

#include <stdbool.h>

enum { QSC_OPTION_THREADS_MAX = 1024 }; /* of --threads: what a pool takes */

enum qsc_option_kind {
    QSC_OPTION_FLAG,   /* bool *, set to true */
    QSC_OPTION_INT,    /* int * */
    QSC_OPTION_U64,    /* uint64_t *; min and max do not apply */
    QSC_OPTION_REAL,   /* double * */
    QSC_OPTION_TEXT,   /* const char **, points into argv */
    QSC_OPTION_CHOICE, /* int *, the index into choices */
};

struct qsc_option {
    const char *name; /* "threads" for --threads; a name of NULL ends the table */
    enum qsc_option_kind kind;
    void *target;      /* holds the default before parsing; --help shows it, unless it is NULL or the option
                          required */
    const char *value; /* what --help calls the value: "N", "DIR"; unused for a flag and a choice */
    const char *help;
    double min, max;            /* bounds of an int or a real, both included; both 0 = any */
    const char *const *choices; /* ends with NULL */
    bool required;
};

/*
 * Parses argv[1..] by the table and stores each value in its target. --help prints the command's page on
 * standard output; an unknown option, a value that is no number or out of its bounds, a missing required
 * option or a stray argument prints one line on standard error. Returns true where the command is to go on;
 * false where *status holds the exit code to return at once. Does not block. Threads: only one thread may
 * parse at a time (getopt_long keeps static state).
 */
bool qsc_options_parse(const struct qsc_command *command, const struct qsc_option *options, int argc,
                       char **argv, int *status) __attribute__((warn_unused_result));

#endif
