#include "command.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const char *running = "quiesce";

const char *qsc_program_name(void)
{
    return running;
}

void qsc_complain(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "%s: ", running);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
}

static void print_usage(const struct qsc_program *program, FILE *out)
{
    fprintf(out, "usage: %s COMMAND [OPTIONS]\n\n%s\n\nCommands:\n", program->name, program->summary);
    for (size_t i = 0; program->commands[i]; i++)
        fprintf(out, "  %-10s %s\n", program->commands[i]->name, program->commands[i]->summary);
    fprintf(out, "\n%s COMMAND --help explains a command; %s --version prints the version.\n", program->name,
            program->name);
}

/* Results may be piped into a full disk: what could not be written is a failure, not a success. */
static int close_output(int status)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    qsc_complain("standard output could not be written whole: is the disk full?");
    return status == QSC_EXIT_OK ? QSC_EXIT_FAILURE : status;
}

static bool is_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0;
}

int qsc_program_run(const struct qsc_program *program, int argc, char **argv)
{
    running = program->name;
    if (argc < 2) {
        print_usage(program, stderr);
        return QSC_EXIT_USAGE;
    }
    if (is_help(argv[1])) {
        print_usage(program, stdout);
        return close_output(QSC_EXIT_OK);
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("%s %s\n", program->name, QSC_VERSION);
        return close_output(QSC_EXIT_OK);
    }
    for (size_t i = 0; program->commands[i]; i++) {
        if (strcmp(argv[1], program->commands[i]->name) == 0)
            return close_output(program->commands[i]->run(argc - 1, argv + 1));
    }
    qsc_complain("unknown command '%s' (see %s --help)", argv[1], program->name);
    return QSC_EXIT_USAGE;
}
