#include "draw.h"

#include "report.h"
#include "search.h"
#include "source.h"
#include "why.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

// What an arrow stands for.
enum edge { PROGRAM_ORDER, READS_FROM, SYNCHRONISES, MODIFICATION_ORDER, CREATES, RACES };

static const struct {
    const char *name, *colour, *meaning;
} styles[] = {
    [PROGRAM_ORDER] = {"po", "#bbbbbb", "program order"},
    [READS_FROM] = {"rf", "#2a7f2a", "is read by"},
    [SYNCHRONISES] = {"sw", "#1f5fbf", "is read by, and synchronises with"},
    [MODIFICATION_ORDER] = {"mo", "#a0662a", "is overwritten by"},
    [CREATES] = {"", "#777777", "creates, is joined by"},
    [RACES] = {"race", "#cc0000", "races with"},
};

typedef void draw_edge(FILE *file, int from, int to, enum edge edge);

// The first event of a thread that comes after so many, or its last one.
static int event_after(const struct qx_graph *g, int thread, uint32_t time)
{
    int e = g->thread[thread].first;
    while (g->event[e].po_after != QX_NONE && (uint32_t)g->event[e].index < time)
        e = g->event[e].po_after;
    return e;
}

static void each_edge(FILE *file, draw_edge *draw)
{
    const struct qx_graph *g = qx_search_graph();
    for (int e = 0; e < g->events; e++) {
        const struct qx_event *event = &g->event[e];
        if (event->po_before != QX_NONE)
            draw(file, event->po_before, e, PROGRAM_ORDER);
        if (event->kind == QX_LOAD && event->rf != QX_NONE)
            draw(file, event->rf, e, qx_why_synchronises(g, e) ? SYNCHRONISES : READS_FROM);
        if (event->kind == QX_STORE && event->mo_before != QX_NONE)
            draw(file, event->mo_before, e, MODIFICATION_ORDER);
        if (event->kind == QX_BEGIN && g->thread[event->thread].create != QX_NONE)
            draw(file, g->thread[event->thread].create, e, CREATES);
        if (event->kind == QX_JOIN)
            draw(file, g->thread[event->other].last, e, CREATES);
    }
    const struct qx_failure *failure = qx_failure();
    if (failure->fault == QX_RACE && failure->clash_thread != QX_NONE)
        draw(file, event_after(g, failure->clash_thread, failure->clash_time),
             g->thread[qx_self_number()].last, RACES);
}

static FILE *open_file(const char *path)
{
    FILE *file = fopen(path, "w");
    if (!file)
        fprintf(stderr, "qsc-explore: %s cannot be written: %s\n", path, strerror(errno));
    return file;
}

static void close_file(FILE *file, const char *path)
{
    bool written = !ferror(file);
    if (fclose(file) != 0 || !written)
        fprintf(stderr, "qsc-explore: %s is not complete: %s\n", path, strerror(errno));
}

static void dot_edge(FILE *file, int from, int to, enum edge edge)
{
    fprintf(file, "  e%d -> e%d [color=\"%s\", fontcolor=\"%s\", label=\"%s\"%s];\n", from, to,
            styles[edge].colour, styles[edge].colour, edge == PROGRAM_ORDER ? "" : styles[edge].name,
            edge == MODIFICATION_ORDER || edge == RACES ? ", constraint=false, style=dashed" : "");
}

static void write_escaped(FILE *file, const char *text, const char *special, const char *const *instead)
{
    for (; *text; text++) {
        const char *at = strchr(special, *text);
        if (at)
            fputs(instead[at - special], file);
        else
            fputc(*text, file);
    }
}

static void write_dot(FILE *file, const char *text)
{
    write_escaped(file, text, "\"\\", (const char *const[]){"\\\"", "\\\\"});
}

void qx_draw_dot(const char *path)
{
    FILE *file = open_file(path);
    if (!file)
        return;
    const struct qx_graph *g = qx_search_graph();
    fputs("digraph execution {\n  node [shape=box, fontname=monospace];\n", file);
    for (int t = 0; t < g->threads; t++) {
        fprintf(file, "  subgraph cluster_%d {\n    label=\"thread %d\";\n", t, t);
        for (int e = g->thread[t].count ? g->thread[t].first : QX_NONE; e != QX_NONE;
             e = g->event[e].po_after) {
            char text[600], where[300];
            qx_report_event(g, e, text, sizeof text);
            qx_source_line(g->event[e].site, where, sizeof where);
            fprintf(file, "    e%d [label=\"#%d ", e, e);
            write_dot(file, text);
            fputs("\\n", file);
            write_dot(file, where);
            fputs("\"];\n", file);
        }
        fputs("  }\n", file);
    }
    each_edge(file, dot_edge);
    fputs("}\n", file);
    close_file(file, path);
}

enum { COLUMN = 460, ROW = 62, LEFT = 20, TOP = 50, BOX = 400, BOX_HEIGHT = 48 };

static int left_of(int e)
{
    return LEFT + qx_search_graph()->event[e].thread * COLUMN;
}

static int middle_of(int e)
{
    return TOP + e * ROW + BOX_HEIGHT / 2;
}

static void svg_edge(FILE *file, int from, int to, enum edge edge)
{
    const struct qx_graph *g = qx_search_graph();
    bool right = g->event[to].thread > g->event[from].thread,
         same = g->event[to].thread == g->event[from].thread;
    int x1 = left_of(from), x2 = left_of(to), y1 = middle_of(from), y2 = middle_of(to), bend = 40;
    if (edge == PROGRAM_ORDER) {
        x1 += BOX / 2, x2 += BOX / 2;
        y1 += BOX_HEIGHT / 2, y2 -= BOX_HEIGHT / 2;
        bend = 0;
    } else if (same) { // round the right side
        x1 += BOX, x2 += BOX;
    } else {
        x1 += right ? BOX : 0;
        x2 += right ? 0 : BOX;
        bend = right ? 40 : -40;
    }
    fprintf(file,
            "<path d='M%d %d C%d %d %d %d %d %d' stroke='%s' fill='none' stroke-width='%s'%s "
            "marker-end='url(#%d)'>"
            "<title>#%d %s #%d</title></path>\n",
            x1, y1, x1 + bend, y1, same ? x2 + bend : x2 - bend, y2, x2, y2, styles[edge].colour,
            edge == PROGRAM_ORDER ? "1" : "2", edge == MODIFICATION_ORDER ? " stroke-dasharray='6 4'" : "",
            (int)edge, from, styles[edge].meaning, to);
}

static void write_html(FILE *file, const char *text)
{
    write_escaped(file, text, "<>&", (const char *const[]){"&lt;", "&gt;", "&amp;"});
}

static void svg_event(FILE *file, const struct qx_graph *g, int e)
{
    char text[600], where[300], why[300] = "";
    qx_report_event(g, e, text, sizeof text);
    qx_source_line(g->event[e].site, where, sizeof where);
    if (g->event[e].kind == QX_LOAD)
        qx_why_load(g, e, why, sizeof why);
    int x = left_of(e), y = middle_of(e) - BOX_HEIGHT / 2;
    fprintf(
        file,
        "<rect x='%d' y='%d' width='%d' height='%d' fill='#f6f6f6' stroke='#999'/><text x='%d' y='%d'>#%d ",
        x, y, BOX, BOX_HEIGHT, x + 6, y + 15, e);
    write_html(file, text);
    fprintf(file, "</text><text class='where' x='%d' y='%d'>", x + 6, y + 29);
    write_html(file, where);
    fprintf(file, "</text><text class='why' x='%d' y='%d'>", x + 6, y + 43);
    write_html(file, why);
    fputs("</text>\n", file);
}

void qx_draw_html(const char *path)
{
    FILE *file = open_file(path);
    if (!file)
        return;
    const struct qx_graph *g = qx_search_graph();
    fputs("<!DOCTYPE html><html><head><meta charset='utf-8'><title>execution</title><style>body{font:14px "
          "sans-serif}"
          "text{font:12px "
          "monospace}.where{fill:#666}.why{fill:#a03030;font-size:11px}</style></head><body>\n<p>",
          file);
    char fault[2000] = "";
    if (qx_failure()->fault != QX_NO_FAULT)
        qx_report_fault(qx_failure(), true, fault, sizeof fault);
    write_html(file, fault);
    fputs("</p>\n<p>Events from top to bottom in the order in which they happened. Arrows:", file);
    for (size_t i = 0; i < sizeof styles / sizeof *styles; i++)
        fprintf(file, " <span style='color:%s'>&#9632; %s</span>", styles[i].colour, styles[i].meaning);
    fprintf(file, "</p>\n<svg xmlns='http://www.w3.org/2000/svg' width='%d' height='%d'>\n<defs>",
            LEFT + g->threads * COLUMN, TOP + g->events * ROW);
    for (size_t i = 0; i < sizeof styles / sizeof *styles; i++)
        fprintf(file,
                "<marker id='%zu' viewBox='0 0 8 8' refX='8' refY='4' markerWidth='6' markerHeight='6' "
                "orient='auto'><path d='M0 0L8 4L0 8z' fill='%s'/></marker>",
                i, styles[i].colour);
    fputs("</defs>\n", file);
    for (int t = 0; t < g->threads; t++)
        fprintf(file, "<text x='%d' y='%d' font-weight='bold'>thread %d</text>\n", LEFT + t * COLUMN,
                TOP - 20, t);
    for (int e = 0; e < g->events; e++)
        svg_event(file, g, e);
    each_edge(file, svg_edge);
    fputs("</svg></body></html>\n", file);
    close_file(file, path);
}
