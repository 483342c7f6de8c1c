#include "options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "usage: %s [OPTION ...] [-- ARGUMENT OF THE PROGRAM ...]\n"
    "\n"
    "Runs the program's main in every execution that C11's weak memory allows (RC11, "
    "release sequences as in C++20).\n"
    "\n"
    "  --limit N    stop after N executions; with an s behind it, after N seconds\n"
    "  --fail-allocations N, --weak N, --spurious N   in each thread as many as N times: malloc and its "
    "like\n"
    "               return NULL; a weak compare-exchange fails although the value is the expected one; a "
    "futex wait\n"
    "               or a condition variable wakes without a cause, or (futex) by a signal\n"
    "  --json       end with one JSON object on a line\n"
    "  --quiet      print the verdict only\n"
    "  --help       this page\n"
    "\n"
    "Exit status: 0 every execution was examined and is clean; 1 a bug; 3 clean as "
    "far as a bound or limit let it see; 2 wrong usage.\n";

static bool read_limit(struct qx_options *options, const char *text)
{
    char *end;
    double n = strtod(text, &end);
    if (end == text || n <= 0)
        return false;
    if (strcmp(end, "s") == 0)
        options->most_seconds = n;
    else if (*end == '\0')
        options->most_executions = (uint64_t)n;
    else
        return false;
    return true;
}

static struct qx_options read_options;

const struct qx_options *qx_options(void)
{
    return &read_options;
}

static bool read_count(int *count, const char *text)
{
    char *end;
    long n = strtol(text, &end, 10);
    *count = (int)n;
    return end != text && *end == '\0' && n >= 0 && n <= 1000;
}

int qx_options_read(struct qx_options *options, int *argc, char **argv)
{
    *options = (struct qx_options){0};
    int i = 1;
    for (; i < *argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--json") == 0) {
            options->json = true;
        } else if (strcmp(argv[i], "--quiet") == 0) {
            options->quiet = true;
        } else if (strcmp(argv[i], "--help") == 0) {
            printf(help, argv[0]);
            exit(0);
        } else if (strcmp(argv[i], "--limit") == 0 && i + 1 < *argc && read_limit(options, argv[i + 1])) {
            i++;
        } else if (strcmp(argv[i], "--fail-allocations") == 0 && i + 1 < *argc &&
                   read_count(&options->failing_allocations, argv[i + 1])) {
            i++;
        } else if (strcmp(argv[i], "--weak") == 0 && i + 1 < *argc &&
                   read_count(&options->failing_exchanges, argv[i + 1])) {
            i++;
        } else if (strcmp(argv[i], "--spurious") == 0 && i + 1 < *argc &&
                   read_count(&options->idle_wakes, argv[i + 1])) {
            i++;
        } else {
            fprintf(stderr,
                    "%s: %s is not an option, or lacks its number; see --help (the program's own come behind "
                    "--)\n",
                    argv[0], argv[i]);
            return 2;
        }
    }
    int rest = i < *argc ? i + 1 : i;
    memmove(argv + 1, argv + rest, (size_t)(*argc - rest + 1) * sizeof *argv);
    *argc -= rest - 1;
    read_options = *options;
    return 0;
}
