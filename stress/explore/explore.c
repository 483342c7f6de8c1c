/* The explorer's beginning: it stands in main's place, and runs the program's main again and again. */
#include "checkpoint.h"
#include "crash.h"
#include "draw.h"
#include "exit.h"
#include "imports.h"
#include "jobs.h"
#include "machine.h"
#include "options.h"
#include "orders.h"
#include "real.h"
#include "report.h"
#include "search.h"
#include "source.h"
#include "state.h"
#include "tally.h"
#include "walk.h"

#include <errno.h>
#include <stdio.h>
#include <sys/single_threaded.h>
#include <sys/wait.h>
#include <unistd.h>

// What is explored.
static struct {
    int (*main)(int, char **, char **);
    int argc;
    char **argv, **envp;
} program;

static enum qx_end run(void)
{
    qx_source_rest();
    return qx_run(program.main, program.argc, program.argv, program.envp);
}

static void begin_part(void)
{
    const struct qx_options *o = qx_options();
    qx_walk(NULL);
    if (o->random)
        qx_walk_random(o->seed, o->random);
    else if (o->preemptions >= 0 || o->stale >= 0)
        qx_walk_bounded(o->preemptions, o->stale);
}

// All executions, or the part that the options ask for.
static void explore(void)
{
    const struct qx_options *o = qx_options();
    qx_tally_begin();
    qx_jobs_begin(o->jobs);
    begin_part();
    bool divisible = !qx_walking() && o->jobs > 1;
    qx_search_begin();
    bool over = false;
    for (bool first = true, more = true; more && !over; first = false) {
        qx_tally_run(run());
        qx_report_progress();
        over = qx_tally_over();
        if (first && o->random && !over)
            qx_jobs_split(o->jobs);
        if (divisible && !over)
            qx_jobs_share();
        more = !over && qx_search_next();
    }
    if (!qx_jobs_end(qx_report_progress)) {
        fputs("qsc-explore: a process of the exploration died; what it had to do is missing\n", stderr);
        qx_tally()->partial = true;
    }
    if (o->random || qx_walk_met_bound())
        qx_tally()->partial = true;
}

// Runs along the replay string that has been read. Does it fail, where the string says?
static bool fails_again(void)
{
    qx_search_begin();
    return run() == QX_FAULT && !qx_walk_strayed();
}

static void draw(void)
{
    const struct qx_options *o = qx_options();
    if (o->dot)
        qx_draw_dot(o->dot);
    if (o->html)
        qx_draw_html(o->html);
}

// Runs the shortest failing execution again, so that it can be shown, and describes its fault.
static bool repeat_failure(char *bug, size_t size)
{
    const struct qx_tally *tally = qx_tally();
    bool repeated = *tally->schedule && qx_walk_replay(tally->schedule) && fails_again();
    qx_report_fault(repeated ? qx_failure() : &tally->failure, repeated, bug, size);
    return repeated;
}

static void show_execution(const char *bug)
{
    draw();
    if (qx_options()->quiet)
        return;
    if (*bug)
        puts(bug);
    qx_report_execution();
}

static enum qx_verdict explore_weakened(const struct qx_mutant *mutant)
{
    qx_orders_weaken(mutant);
    explore();
    enum qx_verdict verdict = qx_tally_verdict();
    char bug[2000] = "";
    if (verdict == QX_BUG)
        repeat_failure(bug, sizeof bug);
    if (verdict != QX_BUG || !qx_options()->quiet)
        qx_report_mutant(mutant, verdict, bug);
    qx_orders_weaken(NULL);
    return verdict;
}

// The same in a process of its own: a bug can leave the C library behind with a lock held or a buffer half
// full.
static enum qx_verdict explore_apart(const struct qx_mutant *mutant)
{
    fflush(NULL);
    qx_source_rest();
    pid_t child = fork();
    if (child < 0)
        return explore_weakened(mutant);
    if (child == 0) {
        qx_crash_watch(); // it inherits no timer
        enum qx_verdict verdict = explore_weakened(mutant);
        qx_source_rest();
        fflush(NULL);
        _exit((int)verdict);
    }
    int status;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) ? (enum qx_verdict)WEXITSTATUS(status) : QX_BOUND;
}

static void weaken(void)
{
    int mutants, needed = 0, undecided = 0;
    const struct qx_mutant *mutant = qx_orders_mutants(&mutants);
    for (int i = 0; i < mutants; i++) {
        enum qx_verdict verdict = explore_apart(&mutant[i]);
        needed += verdict == QX_BUG;
        undecided += verdict == QX_BOUND;
    }
    printf("%d weakened orders: %d needed, %d not needed, %d undecided\n", mutants, needed,
           mutants - needed - undecided, undecided);
}

static int explore_and_report(void)
{
    explore();
    struct qx_result result = qx_report_result(qx_tally_verdict());
    result.schedule = qx_tally()->schedule;
    if (result.verdict == QX_BUG) {
        if (repeat_failure(result.bug, sizeof result.bug)) {
            show_execution(result.bug);
            if (!qx_options()->quiet)
                qx_report_replay(program.argc, program.argv, result.schedule);
        } else {
            fputs("qsc-explore: the failing execution is too long to be repeated, or the program does "
                  "something else the second time\n",
                  stderr);
        }
    }
    if (qx_options()->coverage)
        qx_orders_print();
    if (qx_options()->weaken && result.verdict != QX_BUG)
        weaken();
    return qx_report_verdict(&result);
}

static int replay(void)
{
    const char *schedule = qx_options()->replay;
    qx_tally_begin();
    if (!qx_walk_replay(schedule)) {
        fprintf(stderr, "%s: --replay %s: this is no replay string; take it from a report's last line\n",
                program.argv[0], schedule);
        return 2;
    }
    bool failed = fails_again();
    if (qx_walk_strayed()) {
        fprintf(stderr,
                "%s: --replay %s: the program does something else than this says; it must be the same "
                "program with the same options that the report was about\n",
                program.argv[0], schedule);
        return 2;
    }
    struct qx_result result = qx_report_result(failed ? QX_BUG : QX_BOUND);
    result.executions = 1;
    result.schedule = schedule;
    if (failed)
        qx_report_fault(qx_failure(), true, result.bug, sizeof result.bug);
    show_execution(result.bug);
    return qx_report_verdict(&result);
}

static int explore_program(int argc, char **argv, char **envp)
{
    int code = qx_options_read(&argc, argv);
    if (code)
        return code;
    program.argc = argc;
    program.argv = argv;
    program.envp = envp;
    __libc_single_threaded = 0; // libstdc++ counts references without atomics where it is set
    qx_exit_take_over();
    qx_crash_watch();
    qx_state_save();
    if (!qx_imports_keep_nothing())
        qx_checkpoint_forbid();
    if (qx_options()->coverage || qx_options()->weaken)
        qx_orders_record();
    int status = qx_options()->replay ? replay() : explore_and_report();
    qx_source_rest();
    return status;
}

typedef int start_main(int (*)(int, char **, char **), int, char **, void (*)(void), void (*)(void),
                       void (*)(void), void *);
start_main __libc_start_main;

// What the program's first instructions call to have main called.
int __libc_start_main(int (*main)(int, char **, char **), int argc, char **argv, void (*init)(void),
                      void (*fini)(void), void (*rtld_fini)(void), void *stack_end)
{
    program.main = main;
    return QX_REAL(__libc_start_main)(explore_program, argc, argv, init, fini, rtld_fini, stack_end);
}
