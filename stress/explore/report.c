#include "report.h"

#include "crash.h"
#include "options.h"
#include "search.h"
#include "shadow.h"
#include "source.h"
#include "stuck.h"
#include "why.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

void qx_report_progress(void)
{
    static uint64_t last;
    static int terminal = -1;
    if (qx_ticks() == last)
        return;
    last = qx_ticks();
    if (terminal < 0)
        terminal = isatty(STDERR_FILENO) && !qx_options()->quiet;
    if (terminal)
        fprintf(stderr, "\r%llu executions, %llu blocked, %.0f s ",
                (unsigned long long)qx_tally()->executions, (unsigned long long)qx_tally()->blocked,
                qx_tally_seconds());
}

static void write_value(qx_value v, char *text, size_t size)
{
    unsigned long long high = (unsigned long long)(v >> 64), low = (unsigned long long)v;
    if (high)
        snprintf(text, size, "0x%llx%016llx", high, low);
    else
        snprintf(text, size, "%llu", low);
}

void qx_report_event(const struct qx_graph *g, int e, char *text, size_t size)
{
    const struct qx_event *event = &g->event[e];
    char value[40];
    write_value(event->value, value, sizeof value);
    const char *order = event->plain ? "plain" : qx_order_name(event->order);
    char variable[200] = "", store[40] = "the initial value";
    if (event->location != QX_NONE)
        qx_source_variable((const void *)qx_shadow_address(event->location), variable, sizeof variable);
    if (event->rf != QX_NONE)
        snprintf(store, sizeof store, "#%d of thread %d", event->rf, g->event[event->rf].thread);
    switch ((enum qx_kind)event->kind) {
    case QX_LOAD:
        snprintf(text, size, "%s %s = %s (%s), reads %s", event->rmw.op ? "rmw" : "load", variable, value,
                 order, store);
        break;
    case QX_STORE:
        snprintf(text, size, "%s %s = %s (%s), place %d", event->of_rmw ? "rmw writes" : "store", variable,
                 value, order, event->mo);
        break;
    case QX_FENCE:
        snprintf(text, size, "fence (%s)", order);
        break;
    case QX_CREATE:
        snprintf(text, size, "creates thread %d", event->other);
        break;
    case QX_BEGIN:
        snprintf(text, size, "begins");
        break;
    case QX_END:
        snprintf(text, size, "ends");
        break;
    case QX_JOIN:
        snprintf(text, size, "joins thread %d", event->other);
        break;
    case QX_CHOICE:
        snprintf(text, size, "takes way %s of %d", value, event->other);
    }
}

static void print_event(const struct qx_graph *g, int e)
{
    char text[600], where[300], why[300] = "";
    qx_report_event(g, e, text, sizeof text);
    qx_source_line(g->event[e].site, where, sizeof where);
    if (g->event[e].kind == QX_LOAD)
        qx_why_load(g, e, why, sizeof why);
    printf("  #%-4d%s%s%s\n", e, text, *where ? "  at " : "", where);
    if (*why)
        printf("       %s\n", why);
}

void qx_report_execution(void)
{
    const struct qx_graph *g = qx_search_graph();
    for (int t = 0; t < g->threads; t++) {
        if (g->thread[t].count == 0)
            continue;
        printf("thread %d%s\n", t, t == 0 ? " (main)" : "");
        for (int e = g->thread[t].first; e != QX_NONE; e = g->event[e].po_after)
            print_event(g, e);
    }
}

static const char *const fault_names[] = {
    [QX_NO_FAULT] = "",
    [QX_ASSERTION] = "assertion",
    [QX_RACE] = "race",
    [QX_DEADLOCK] = "deadlock",
    [QX_MISUSE] = "misuse",
    [QX_CRASH] = "crash",
    [QX_CHANGING] = "changing",
    [QX_LEAK] = "leak",
    [QX_LIVELOCK] = "livelock",
    [QX_STARVATION] = "starvation",
    [QX_LOST_WAKE_UP] = "lost wake-up",
};

static void print_quoted(const char *text)
{
    putchar('"');
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            printf("\\%c", *text);
        else if ((unsigned char)*text < ' ')
            printf("\\u%04x", *text);
        else
            putchar(*text);
    }
    putchar('"');
}

void qx_report_fault(const struct qx_failure *failure, bool here, char *text, size_t size)
{
    char where[300] = "", other[300] = "";
    qx_source_line(failure->site, where, sizeof where);
    qx_source_line(failure->other, other, sizeof other);
    int used = snprintf(text, size, "%s: %s%s%s%s%s", fault_names[failure->fault], failure->text,
                        *other ? " at " : "", other, *where ? ", at " : "", where);
    for (int i = 0; here && qx_stuck_is(failure->fault) && i < qx_thread_count(); i++) {
        const struct qx_thread *t = qx_thread_of(i);
        if ((t->state != QX_STOPPED && t->state != QX_WAITS) || (size_t)used >= size)
            continue;
        qx_source_line(t->stopped_at, where, sizeof where);
        used += snprintf(text + used, size - (size_t)used, "; thread %d: %s%s%s", i, t->stopped_by,
                         *where ? " at " : "", where);
    }
}

void qx_report_replay(int argc, char **argv, const char *schedule)
{
    char options[200];
    qx_options_of_choices(options, sizeof options);
    printf("replay: %s %s--replay %s", argv[0], options, schedule);
    for (int i = 1; i < argc; i++)
        printf("%s %s", i == 1 ? " --" : "", argv[i]);
    putchar('\n');
}

void qx_report_mutant(const struct qx_mutant *mutant, enum qx_verdict verdict, const char *bug)
{
    const char *const meaning[] = {"not needed", "needed", "undecided"};
    printf("%-10s  %s, %s (%s) made %s%s%s\n", meaning[verdict], mutant->line, qx_access_name(mutant->access),
           qx_order_name(mutant->order), qx_order_name(mutant->weaker), *bug ? ": " : "", bug);
}

struct qx_result qx_report_result(enum qx_verdict verdict)
{
    const struct qx_tally *tally = qx_tally();
    bool failed = tally->length > 0; // then the others looked for a shorter one
    return (struct qx_result){.verdict = verdict,
                              .executions = failed ? tally->executions_then : tally->executions,
                              .blocked = failed ? tally->blocked_then : tally->blocked,
                              .seconds = qx_tally_seconds(),
                              .limited = tally->limited};
}

static const char *const verdict_names[] = {"clean", "bug", "bound"};

static void print_json(const struct qx_result *r)
{
    printf("{\"verdict\": \"%s\", \"executions\": %llu, \"blocked\": %llu, \"seconds\": %.3f, "
           "\"complete\": %s, \"bug\": ",
           verdict_names[r->verdict], r->executions, r->blocked, r->seconds,
           r->verdict == QX_CLEAN ? "true" : "false");
    if (r->verdict == QX_BUG)
        print_quoted(r->bug);
    else
        printf("null");
    if (r->verdict == QX_BUG && *r->schedule)
        printf(", \"replay\": \"%s\"", r->schedule);
    puts("}");
}

int qx_report_verdict(const struct qx_result *r)
{
    if (isatty(STDERR_FILENO) && !qx_options()->quiet)
        fputs("\r\033[K", stderr); // the line of the progress
    if (r->limited) {
        char loop[300];
        qx_source_line(r->limited, loop, sizeof loop);
        fprintf(stderr,
                "warning: the loop at %s changes something in every turn and was not followed to its end\n",
                loop);
    }
    if (qx_options()->json)
        print_json(r);
    else
        printf("%s: %llu executions, %llu blocked, %.2f s%s\n", verdict_names[r->verdict], r->executions,
               r->blocked, r->seconds, r->verdict == QX_BOUND ? ", not complete" : "");
    return r->verdict == QX_CLEAN ? 0 : r->verdict == QX_BUG ? 1 : 3;
}
