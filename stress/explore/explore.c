/* The explorer's beginning: it stands in main's place, and runs the program's main again and again. */
#include "crash.h"
#include "machine.h"
#include "options.h"
#include "real.h"
#include "report.h"
#include "search.h"
#include "state.h"

#include <stdlib.h>
#include <sys/single_threaded.h>

static int (*program_main)(int, char **, char **);

static int explore(int argc, char **argv, char **envp)
{
    struct qx_options options;
    int code = qx_options_read(&options, &argc, argv);
    if (code)
        return code;
    struct qx_tally tally = {.verdict = QX_CLEAN, .complete = true};
    qx_report_begin(&options);
    __libc_single_threaded = 0; // libstdc++ counts references without atomics where it is set
    qx_crash_watch();
    qx_state_save();
    qx_search_begin();
    do {
        enum qx_end end = qx_run(program_main, argc, argv, envp);
        qx_tally_count(&tally, end);
        if (end == QX_FAULT || qx_report_limit_reached(&tally))
            break;
    } while (qx_search_next());
    return qx_report_end(&tally);
}

typedef int start_main(int (*)(int, char **, char **), int, char **, void (*)(void), void (*)(void),
                       void (*)(void), void *);
start_main __libc_start_main;

// What the program's first instructions call to have main called.
int __libc_start_main(int (*main)(int, char **, char **), int argc, char **argv, void (*init)(void),
                      void (*fini)(void), void (*rtld_fini)(void), void *stack_end)
{
    program_main = main;
    return QX_REAL(__libc_start_main)(explore, argc, argv, init, fini, rtld_fini, stack_end);
}
