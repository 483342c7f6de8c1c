#include "options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char help[] =
    "usage: %s [OPTION ...] [-- ARGUMENT OF THE PROGRAM ...]\n"
    "\n"
    "Runs the program's main in every execution that C11's weak memory allows (RC11, release sequences as "
    "in C++20).\n"
    "\n"
    "  --limit N    stop after N executions; with an s behind it, after N seconds\n"
    "  --jobs [N]   share the work among N processes; without N, among as many as there are processors\n"
    "  --turns N    follow a loop that waits, but changes something of its own (counts, say), for N turns\n"
    "  --deadlines N  examine as many as N deadlines that pass, in each thread\n"
    "  --fail-allocations N, --weak N, --spurious N   in each thread as many as N times: malloc and its "
    "like\n"
    "               return NULL; a weak compare-exchange fails although the value is the expected one; a\n"
    "               futex wait or a condition variable wakes without a cause, or (futex) by a signal\n"
    "  --volatile   an access to a volatile object of 1, 2, 4 or 8 bytes is a relaxed atomic one\n"
    "  --ignore-leaks   blocks and threads that are left at the end are no fault\n"
    "  --coverage   list the atomic accesses with their orders, and the lines, that were reached\n"
    "  --weaken     explore again with each memory order weakened by one step; list those nothing needed\n"
    "  --json       end with one JSON object on a line\n"
    "  --quiet      print the verdict only\n"
    "  --help       this page\n"
    "\n"
    "A part of the executions only:\n"
    "  --preemptions N, --stale N   with at most N switches away from a thread that could go on; with at "
    "most\n"
    "               N accesses that pass over a newer store; not shared by --jobs\n"
    "  --random N   N executions at random (thread priorities after PCT); --seed S gives other ones\n"
    "  --replay S   the one execution that a report's last line names\n"
    "\n"
    "  --dot FILE, --html FILE   draw the failing execution; with --replay, that one\n"
    "\n"
    "Exit status: 0 every execution was examined and is clean; 1 a bug; 3 clean as far as a bound or limit\n"
    "let it see; 2 wrong usage.\n";

static struct qx_options options;

const struct qx_options *qx_options(void)
{
    return &options;
}

static bool read_number(uint64_t *number, const char *text)
{
    char *end;
    *number = strtoull(text, &end, 10);
    return end != text && *end == '\0' && *text != '-';
}

static bool read_count(void *count, const char *text)
{
    uint64_t n;
    if (!read_number(&n, text) || n > 1000)
        return false;
    *(int *)count = (int)n;
    return true;
}

static bool read_seed(void *seed, const char *text)
{
    return read_number(seed, text);
}

static bool read_positive(void *number, const char *text)
{
    return read_number(number, text) && *(uint64_t *)number > 0;
}

static bool read_text(void *place, const char *text)
{
    *(const char **)place = text;
    return *text != '\0';
}

static bool read_limit(void *unused, const char *text)
{
    (void)unused;
    char *end;
    double n = strtod(text, &end);
    if (end == text || !(n > 0))
        return false;
    if (strcmp(end, "s") == 0)
        options.most_seconds = n;
    else if (*end == '\0')
        options.most_executions = (uint64_t)n;
    else
        return false;
    return true;
}

enum { CHOICES = true }; // the program has other choices with it

static const struct {
    const char *name;
    bool *flag; // or
    bool (*read)(void *place, const char *text);
    void *place;
    bool choices;
} known[] = {
    {"--coverage", &options.coverage, NULL, NULL, !CHOICES},
    {"--ignore-leaks", &options.ignore_leaks, NULL, NULL, CHOICES},
    {"--json", &options.json, NULL, NULL, !CHOICES},
    {"--quiet", &options.quiet, NULL, NULL, !CHOICES},
    {"--volatile", &options.atomic_volatile, NULL, NULL, CHOICES},
    {"--weaken", &options.weaken, NULL, NULL, !CHOICES},
    {"--deadlines", NULL, read_count, &options.deadlines, CHOICES},
    {"--dot", NULL, read_text, &options.dot, !CHOICES},
    {"--fail-allocations", NULL, read_count, &options.failing_allocations, CHOICES},
    {"--html", NULL, read_text, &options.html, !CHOICES},
    {"--limit", NULL, read_limit, NULL, !CHOICES},
    {"--preemptions", NULL, read_count, &options.preemptions, !CHOICES},
    {"--random", NULL, read_positive, &options.random, !CHOICES},
    {"--replay", NULL, read_text, &options.replay, !CHOICES},
    {"--seed", NULL, read_seed, &options.seed, !CHOICES},
    {"--spurious", NULL, read_count, &options.idle_wakes, CHOICES},
    {"--stale", NULL, read_count, &options.stale, !CHOICES},
    {"--turns", NULL, read_count, &options.turns, CHOICES},
    {"--weak", NULL, read_count, &options.failing_exchanges, CHOICES},
};

void qx_options_of_choices(char *text, size_t size)
{
    size_t used = 0;
    *text = '\0';
    for (size_t i = 0; i < sizeof known / sizeof *known && used < size; i++) {
        if (!known[i].choices)
            continue;
        if (known[i].flag && *known[i].flag)
            used += (size_t)snprintf(text + used, size - used, "%s ", known[i].name);
        if (!known[i].flag && *(const int *)known[i].place > 0)
            used += (size_t)snprintf(text + used, size - used, "%s %d ", known[i].name,
                                     *(const int *)known[i].place);
    }
}

// How many arguments the option at argv takes up; 0: it is none, or lacks what belongs to it.
static int read_option(char **argv)
{
    if (strcmp(argv[0], "--jobs") == 0) {
        if (argv[1] && read_count(&options.jobs, argv[1]) && options.jobs > 0)
            return 2;
        options.jobs = (int)sysconf(_SC_NPROCESSORS_ONLN);
        return argv[1] && argv[1][0] >= '0' && argv[1][0] <= '9' ? 0 : 1;
    }
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcmp(argv[0], known[i].name) != 0)
            continue;
        if (known[i].flag)
            return *known[i].flag = true;
        return argv[1] && known[i].read(known[i].place, argv[1]) ? 2 : 0;
    }
    return 0;
}

static bool contradictory(void)
{
    int parts =
        (options.replay != NULL) + (options.random > 0) + (options.preemptions >= 0 || options.stale >= 0);
    return parts > 1 || (options.replay && options.weaken);
}

int qx_options_read(int *argc, char **argv)
{
    options = (struct qx_options){.jobs = 1, .preemptions = -1, .stale = -1};
    int i = 1;
    while (i < *argc && strcmp(argv[i], "--") != 0) {
        if (strcmp(argv[i], "--help") == 0) {
            printf(help, argv[0]);
            exit(0);
        }
        int taken = read_option(argv + i);
        if (!taken) {
            fprintf(
                stderr,
                "%s: %s is not an option, or lacks its number or name; see --help (the program's own come "
                "behind --)\n",
                argv[0], argv[i]);
            return 2;
        }
        i += taken;
    }
    if (contradictory()) {
        fprintf(stderr,
                "%s: --replay, --random and --preemptions or --stale exclude each other; see --help\n",
                argv[0]);
        return 2;
    }
    int rest = i < *argc ? i + 1 : i;
    memmove(argv + 1, argv + rest, (size_t)(*argc - rest + 1) * sizeof *argv);
    *argc -= rest - 1;
    return 0;
}
