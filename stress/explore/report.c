#include "report.h"

#include "memory.h"
#include "search.h"
#include "shadow.h"
#include "source.h"

#include <stdio.h>
#include <time.h>

static struct {
    struct qx_options options;
    struct timespec start;
} report;

void qx_report_begin(const struct qx_options *options)
{
    report.options = *options;
    clock_gettime(CLOCK_MONOTONIC, &report.start);
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - report.start.tv_sec) + (double)(now.tv_nsec - report.start.tv_nsec) * 1e-9;
}

void qx_tally_count(struct qx_tally *tally, enum qx_end end)
{
    if (end == QX_BLOCKED)
        tally->blocked++;
    else
        tally->executions++;
    if (end == QX_FAULT)
        tally->verdict = QX_BUG;
    if (qx_limited_loop()) {
        tally->limited = qx_limited_loop();
        tally->complete = false;
    }
}

bool qx_report_limit_reached(struct qx_tally *tally)
{
    const struct qx_options *o = &report.options;
    uint64_t runs = tally->executions + tally->blocked;
    bool reached = (o->most_executions && runs >= o->most_executions) ||
                   (o->most_seconds > 0 && runs % 256 == 0 && seconds() > o->most_seconds);
    if (reached)
        tally->complete = false;
    return reached;
}

static const char *const order_names[] = {"relaxed", "consume", "acquire", "release", "acq_rel", "seq_cst"};

static void print_store(const struct qx_graph *g, int store)
{
    if (store == QX_NONE)
        printf("the initial value");
    else
        printf("#%d of thread %d", store, g->event[store].thread);
}

static void print_event(const struct qx_graph *g, int e)
{
    const struct qx_event *event = &g->event[e];
    char where[300];
    qx_source_line(event->site, where, sizeof where);
    printf("  #%-4d", e);
    unsigned long long value = (unsigned long long)event->value;
    char variable[300] = "";
    if (event->location != QX_NONE)
        qx_source_variable((const void *)qx_shadow_address(event->location), variable, sizeof variable);
    switch ((enum qx_kind)event->kind) {
    case QX_LOAD:
        printf("%s %s = %llu (%s), reads ", event->rmw.op ? "rmw" : "load", variable, value,
               order_names[event->order]);
        print_store(g, event->rf);
        break;
    case QX_STORE:
        printf("%s %s = %llu (%s), place %d", event->of_rmw ? "rmw writes" : "store", variable, value,
               event->plain ? "plain" : order_names[event->order], event->mo);
        break;
    case QX_FENCE:
        printf("fence (%s)", order_names[event->order]);
        break;
    case QX_CREATE:
        printf("creates thread %d", event->other);
        break;
    case QX_BEGIN:
        printf("begins");
        break;
    case QX_END:
        printf("ends");
        break;
    case QX_JOIN:
        printf("joins thread %d", event->other);
        break;
    case QX_CHOICE:
        printf("takes way %llu of %d", value, event->other);
    }
    printf("%s%s\n", *where ? "  at " : "", where);
}

static void print_execution(void)
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
    [QX_NO_FAULT] = "",         [QX_ASSERTION] = "assertion", [QX_RACE] = "race",
    [QX_DEADLOCK] = "deadlock", [QX_MISUSE] = "misuse",       [QX_CRASH] = "crash",
    [QX_CHANGING] = "changing",
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

// What happened, and where.
static void describe(const struct qx_failure *failure, char *text, size_t size)
{
    char where[300] = "", other[300] = "";
    qx_source_line(failure->site, where, sizeof where);
    qx_source_line(failure->other, other, sizeof other);
    int used = snprintf(text, size, "%s: %s%s%s%s%s", fault_names[failure->fault], failure->text,
                        *other ? " at " : "", other, *where ? ", at " : "", where);
    for (int i = 0; failure->fault == QX_DEADLOCK && i < qx_thread_count(); i++) {
        const struct qx_thread *t = qx_thread_of(i);
        if ((t->state != QX_STOPPED && t->state != QX_WAITS) || (size_t)used >= size)
            continue;
        qx_source_line(t->stopped_at, where, sizeof where);
        used += snprintf(text + used, size - (size_t)used, "; thread %d: %s%s%s", i, t->stopped_by,
                         *where ? " at " : "", where);
    }
}

int qx_report_end(struct qx_tally *tally)
{
    if (tally->verdict == QX_CLEAN && !tally->complete)
        tally->verdict = QX_BOUND;
    char bug[2000];
    if (tally->verdict == QX_BUG) {
        describe(qx_failure(), bug, sizeof bug);
        if (!report.options.quiet) {
            puts(bug);
            print_execution();
        }
    }
    if (tally->limited) {
        char loop[300];
        qx_source_line(tally->limited, loop, sizeof loop);
        fprintf(stderr,
                "warning: the loop at %s changes something in every turn and was not followed to its end\n",
                loop);
    }
    const char *const verdicts[] = {"clean", "bug", "bound"};
    double spent = seconds();
    if (!report.options.json)
        printf("%s: %llu executions, %llu blocked, %.2f s%s\n", verdicts[tally->verdict],
               (unsigned long long)tally->executions, (unsigned long long)tally->blocked, spent,
               tally->complete ? "" : ", not complete");
    else {
        printf("{\"verdict\": \"%s\", \"executions\": %llu, \"blocked\": %llu, \"seconds\": %.3f, "
               "\"complete\": %s, \"bug\": ",
               verdicts[tally->verdict], (unsigned long long)tally->executions,
               (unsigned long long)tally->blocked, spent,
               tally->complete && tally->verdict != QX_BUG ? "true" : "false");
        if (tally->verdict == QX_BUG)
            print_quoted(bug);
        else
            printf("null");
        printf("}\n");
    }
    return tally->verdict == QX_CLEAN ? 0 : tally->verdict == QX_BUG ? 1 : 3;
}
