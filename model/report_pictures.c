#include "report_pictures.h"

#include "svg.h"

#include <errno.h>
#include <math.h>
#include <quiesce/concurrency/alloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH = 900, LEFT = 64, RIGHT = 16 };

static const char *const guard_titles[QSC_GUARD_KINDS] = {"snapshot", "reader-writer lock", "mutex",
                                                          "per-CPU reference counts"};

/* The power of ten below, and above. */
static double decade_below(double value)
{
    return value > 0 ? pow(10, floor(log10(value))) : 1;
}

static double decade_above(double value)
{
    return value > 0 ? pow(10, ceil(log10(value))) : 10;
}

/* --- swaps: one panel to a guard ------------------------------------------------------------------------ */

enum { PANEL_HEIGHT = 108, PANEL_STEP = 154, DOTS_MAX = 2500 };
static const double panel_ms = 200, wait_shown_us = 10;

struct points {
    double x[2 * DOTS_MAX], y[2 * DOTS_MAX];
    size_t count;
};

static void add_point(struct points *points, double x, double y)
{
    if (points->count < sizeof points->x / sizeof *points->x) {
        points->x[points->count] = x;
        points->y[points->count++] = y;
    }
}

/* Slow requests are all shown, of the ordinary ones as many as the picture can hold. */
static void choose_dots(const struct qsc_serving_figures *figures, struct points *plain,
                        struct points *waited)
{
    const struct qsc_serving_trace *trace = &figures->trace;
    size_t every = 1 + trace->request_count / DOTS_MAX;
    for (size_t i = 0; i < trace->request_count; i++) {
        const struct qsc_serving_request *request = &trace->requests[i];
        double ms = (double)(request->begin_ns - trace->from_ns) / 1e6;
        double us = (double)(request->end_ns - request->begin_ns) / 1e3;
        if (ms > panel_ms)
            continue;
        if ((double)(request->acquired_ns - request->begin_ns) / 1e3 > wait_shown_us)
            add_point(waited, ms, us);
        else if (us > figures->p99_us || i % every == 0)
            add_point(plain, ms, us);
    }
}

static void panel_swaps(const struct qsc_svg_plot *plot, const struct qsc_serving_trace *trace,
                        double window_ms)
{
    for (size_t i = 0; i < trace->swap_count; i++) {
        if (trace->swaps[i].begin_ns < trace->from_ns)
            continue;
        double ms = (double)(trace->swaps[i].begin_ns - trace->from_ns) / 1e6;
        if (ms >= panel_ms)
            return;
        qsc_svg_band(plot, "band", ms, ms + window_ms);
        qsc_svg_marks(plot, "mark", &ms, 1, 1);
    }
}

static void panel(struct qsc_text *out, const struct qsc_demo_results *results, enum qsc_guard_kind kind,
                  double top, struct qsc_svg_axis y)
{
    const struct qsc_serving_figures *figures = &results->serving.guards[kind];
    struct qsc_svg_plot plot = {out,
                                LEFT,
                                top,
                                WIDTH - LEFT - RIGHT,
                                PANEL_HEIGHT,
                                {0, panel_ms, false, kind == QSC_GUARD_KINDS - 1 ? "milliseconds" : NULL},
                                y};
    struct points *points = qsc_alloc_zeroed(2, sizeof *points);
    if (!points) {
        out->code = ENOMEM;
        return;
    }
    choose_dots(figures, &points[0], &points[1]);
    qsc_svg_frame(&plot);
    panel_swaps(&plot, &figures->trace, results->config.serving.window_ms);
    qsc_svg_dots(&plot, qsc_guard_name(kind), points[0].x, points[0].y, points[0].count);
    qsc_svg_dots(&plot, "big waited", points[1].x, points[1].y, points[1].count);
    qsc_free(points);
    char head[160];
    snprintf(head, sizeof head, "%s: longest wait for the weights because of a publish %.1f µs",
             guard_titles[kind], figures->publish_stall_us);
    qsc_svg_text(out, "head", LEFT, top - 10, "start", head);
}

void qsc_picture_swaps(struct qsc_text *out, const struct qsc_demo_results *results)
{
    double slowest = 0, fastest = INFINITY;
    for (int kind = 0; kind < QSC_GUARD_KINDS; kind++) {
        slowest = fmax(slowest, results->serving.guards[kind].max_us);
        fastest = fmin(fastest,
                       (double)qsc_histogram_quantile(&results->serving.guards[kind].latency, 0.0001) / 1e3);
    }
    const struct qsc_svg_axis y = {decade_below(fastest), decade_above(slowest), true, NULL};
    qsc_svg_begin(out, WIDTH, 62 + QSC_GUARD_KINDS * PANEL_STEP,
                  "Latency of each request over time, with publishes marked");
    double x = qsc_svg_legend(out, "snapshot", true, LEFT, 16, "a request, by its latency in microseconds");
    x = qsc_svg_legend(out, "big waited", true, x, 16, "it waited more than 10 µs for its weights");
    qsc_svg_legend(out, "mark", false, x, 16, "a version is published");
    for (int kind = 0; kind < QSC_GUARD_KINDS; kind++)
        panel(out, results, (enum qsc_guard_kind)kind, 58 + kind * PANEL_STEP, y);
    qsc_svg_end(out);
}

/* --- distributions -------------------------------------------------------------------------------------- */

enum { CURVE_POINTS = 160 };
static const double nines_max = 4; /* 1 - 10^-4 is the 99.99th percentile */

static void distribution_curve(const struct qsc_svg_plot *plot, const struct qsc_histogram *histogram,
                               const char *class)
{
    double x[CURVE_POINTS], y[CURVE_POINTS];
    for (int i = 0; i < CURVE_POINTS; i++) {
        x[i] = nines_max * i / (CURVE_POINTS - 1);
        y[i] = (double)qsc_histogram_quantile(histogram, 1 - pow(10, -x[i])) / 1e3;
    }
    qsc_svg_line(plot, class, x, y, CURVE_POINTS);
}

static void distributions(struct qsc_text *out, const struct qsc_demo_results *results, const char *title,
                          const struct qsc_histogram *(*of)(const struct qsc_serving_figures *))
{
    static const struct qsc_svg_tick percentiles[] = {{0, "0"},  {0.30103, "50"}, {1, "90"},
                                                      {2, "99"}, {3, "99.9"},     {4, "99.99"}};
    double low = INFINITY, high = 0;
    for (int kind = 0; kind < QSC_GUARD_KINDS; kind++) {
        const struct qsc_histogram *histogram = of(&results->serving.guards[kind]);
        low = fmin(low, (double)qsc_histogram_quantile(histogram, 0.001) / 1e3);
        high = fmax(high, (double)qsc_histogram_quantile(histogram, 0.9999) / 1e3);
    }
    struct qsc_svg_plot plot = {out,
                                LEFT,
                                56,
                                WIDTH - LEFT - RIGHT,
                                250,
                                {0, nines_max, false, "percentile"},
                                {decade_below(low), decade_above(high), true, "microseconds"}};
    qsc_svg_begin(out, WIDTH, 350, title);
    double x = LEFT;
    for (int kind = 0; kind < QSC_GUARD_KINDS; kind++)
        x = qsc_svg_legend(out, qsc_guard_name((enum qsc_guard_kind)kind), false, x, 18, guard_titles[kind]);
    qsc_svg_frame_with(&plot, percentiles, sizeof percentiles / sizeof *percentiles);
    for (int kind = QSC_GUARD_KINDS - 1; kind >= 0; kind--) /* the snapshot on top */
        distribution_curve(&plot, of(&results->serving.guards[kind]),
                           qsc_guard_name((enum qsc_guard_kind)kind));
    qsc_svg_end(out);
}

static const struct qsc_histogram *latency_of(const struct qsc_serving_figures *figures)
{
    return &figures->latency;
}

static const struct qsc_histogram *wait_of(const struct qsc_serving_figures *figures)
{
    return &figures->wait;
}

void qsc_picture_requests(struct qsc_text *out, const struct qsc_demo_results *results)
{
    distributions(out, results, "Latency of the requests under four guards", latency_of);
}

void qsc_picture_waits(struct qsc_text *out, const struct qsc_demo_results *results)
{
    distributions(out, results, "Wait for the weights under four guards", wait_of);
}
