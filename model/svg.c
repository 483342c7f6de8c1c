#include "svg.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Series: snapshot, rwlock, mutex, refcount, and s0, s1 for pictures that compare nothing of the kind. */
const char qsc_svg_style[] =
    ":root{--ink:#1c2733;--muted:#5b6b7b;--grid:#dfe5ec;--paper:#fff;--band:#2a6fdb1c;--mark:#8d9bab;"
    "--snapshot:#1f6fe0;--rwlock:#d97706;--mutex:#c026a6;--refcount:#0f8f6a;--waited:#d11a2a;--s0:#1f6fe0;--"
    "s1:#d97706}"
    "@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--muted:#93a4b5;--grid:#2b3643;--paper:#10161d;"
    "--band:#5aa2ff22;--mark:#64748b;--snapshot:#5aa2ff;--rwlock:#f5a524;--mutex:#f06bd8;--refcount:#3ecf9b;"
    "--waited:#ff6b6b;--s0:#5aa2ff;--s1:#f5a524}}"
    "svg text{font:12px system-ui,-apple-system,'Segoe UI',Roboto,sans-serif;fill:var(--muted)}"
    "svg text.head{font-weight:600;font-size:13px;fill:var(--ink)}"
    ".grid{stroke:var(--grid);stroke-width:1;shape-rendering:crispEdges}"
    ".line{fill:none;stroke-width:1.8;stroke-linejoin:round}.thin{stroke-width:.7;opacity:.45}"
    ".dash{stroke-dasharray:5 3}"
    ".dots{fill:none;stroke-width:2.4;stroke-linecap:round;opacity:.55}.big{stroke-width:5.5;opacity:.95}"
    ".band{fill:var(--band)}.mark{stroke:var(--mark);stroke-width:1}"
    ".snapshot{stroke:var(--snapshot)}.rwlock{stroke:var(--rwlock)}.mutex{stroke:var(--mutex)}"
    ".refcount{stroke:var(--refcount)}.waited{stroke:var(--waited)}.s0{stroke:var(--s0)}.s1{stroke:var(--s1)"
    "}";

enum { TICKS = 6 /* about so many grid lines on a linear axis */ };

void qsc_svg_begin(struct qsc_text *out, double width, double height, const char *title)
{
    qsc_text_add(out,
                 "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.0f %.0f\" role=\"img\"><title>",
                 width, height);
    qsc_text_add_escaped(out, title);
    qsc_text_add(out, "</title>\n");
}

void qsc_svg_end(struct qsc_text *out)
{
    qsc_text_add(out, "</svg>\n");
}

/* From 0 to 1 along the axis. */
static double share(const struct qsc_svg_axis *axis, double value)
{
    double from = axis->from, to = axis->to;
    if (axis->logarithmic) {
        from = log10(from);
        to = log10(to);
        value = value > 0 ? log10(value) : from;
    }
    double part = (value - from) / (to - from);
    return part < 0 ? 0 : part > 1 ? 1 : part;
}

double qsc_svg_x(const struct qsc_svg_plot *plot, double value)
{
    return plot->left + plot->width * share(&plot->x, value);
}

double qsc_svg_y(const struct qsc_svg_plot *plot, double value)
{
    return plot->top + plot->height * (1 - share(&plot->y, value));
}

void qsc_svg_text(struct qsc_text *out, const char *class, double x, double y, const char *anchor,
                  const char *text)
{
    qsc_text_add(out, "<text class=\"%s\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", class, x, y, anchor);
    qsc_text_add_escaped(out, text);
    qsc_text_add(out, "</text>\n");
}

static void grid_line(struct qsc_text *out, double x1, double y1, double x2, double y2)
{
    qsc_text_add(out, "<line class=\"grid\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>\n", x1, y1, x2,
                 y2);
}

static void x_tick(const struct qsc_svg_plot *plot, double at, const char *label)
{
    double x = qsc_svg_x(plot, at), bottom = plot->top + plot->height;
    grid_line(plot->out, x, plot->top, x, bottom);
    qsc_svg_text(plot->out, "", x, bottom + 16, "middle", label);
}

static void y_tick(const struct qsc_svg_plot *plot, double at, const char *label)
{
    double y = qsc_svg_y(plot, at);
    grid_line(plot->out, plot->left, y, plot->left + plot->width, y);
    qsc_svg_text(plot->out, "", plot->left - 7, y + 4, "end", label);
}

double qsc_svg_step(double least)
{
    double unit = pow(10, floor(log10(least)));
    return least > 5 * unit ? 10 * unit : least > 2 * unit ? 5 * unit : least > unit ? 2 * unit : unit;
}

/* A tick at each power of ten, or at 1, 2 or 5 times one: whatever gives about TICKS of them. */
static void ticks(const struct qsc_svg_plot *plot, const struct qsc_svg_axis *axis,
                  void (*tick)(const struct qsc_svg_plot *, double, const char *))
{
    char label[32];
    if (axis->logarithmic) {
        int last = (int)floor(log10(axis->to) + 1e-9);
        for (int power = (int)ceil(log10(axis->from) - 1e-9); power <= last; power++) {
            snprintf(label, sizeof label, "%.10g", pow(10, power));
            tick(plot, pow(10, power), label);
        }
        return;
    }
    double step = qsc_svg_step((axis->to - axis->from) / TICKS);
    int last = (int)floor(axis->to / step + 1e-6);
    for (int i = (int)ceil(axis->from / step - 1e-6); i <= last; i++) {
        snprintf(label, sizeof label, "%.10g", i * step);
        tick(plot, i * step, label);
    }
}

static void axis_names(const struct qsc_svg_plot *plot)
{
    if (plot->x.label)
        qsc_svg_text(plot->out, "", plot->left + plot->width, plot->top + plot->height + 33, "end",
                     plot->x.label);
    if (plot->y.label)
        qsc_svg_text(plot->out, "", plot->left, plot->top - 8, "start", plot->y.label);
}

void qsc_svg_frame(const struct qsc_svg_plot *plot)
{
    ticks(plot, &plot->x, x_tick);
    ticks(plot, &plot->y, y_tick);
    axis_names(plot);
}

void qsc_svg_frame_with(const struct qsc_svg_plot *plot, const struct qsc_svg_tick *x_ticks, size_t count)
{
    for (size_t i = 0; i < count; i++)
        x_tick(plot, x_ticks[i].at, x_ticks[i].label);
    ticks(plot, &plot->y, y_tick);
    axis_names(plot);
}

void qsc_svg_line(const struct qsc_svg_plot *plot, const char *class, const double *x, const double *y,
                  size_t count)
{
    if (count == 0)
        return;
    qsc_text_add(plot->out, "<path class=\"line %s\" d=\"", class);
    for (size_t i = 0; i < count; i++)
        qsc_text_add(plot->out, "%c%.1f %.1f", i ? 'L' : 'M', qsc_svg_x(plot, x[i]), qsc_svg_y(plot, y[i]));
    qsc_text_add(plot->out, "\"/>\n");
}

void qsc_svg_dots(const struct qsc_svg_plot *plot, const char *class, const double *x, const double *y,
                  size_t count)
{
    if (count == 0)
        return;
    qsc_text_add(plot->out, "<path class=\"dots %s\" d=\"", class);
    for (size_t i = 0; i < count; i++) /* a line of no length, with round ends */
        qsc_text_add(plot->out, "M%.1f %.1fh0", qsc_svg_x(plot, x[i]), qsc_svg_y(plot, y[i]));
    qsc_text_add(plot->out, "\"/>\n");
}

void qsc_svg_marks(const struct qsc_svg_plot *plot, const char *class, const double *x, size_t count,
                   double share_of_height)
{
    if (count == 0)
        return;
    qsc_text_add(plot->out, "<path class=\"%s\" d=\"", class);
    for (size_t i = 0; i < count; i++)
        qsc_text_add(plot->out, "M%.1f %.1fv%.1f", qsc_svg_x(plot, x[i]), plot->top + plot->height,
                     -plot->height * share_of_height);
    qsc_text_add(plot->out, "\"/>\n");
}

void qsc_svg_band(const struct qsc_svg_plot *plot, const char *class, double from, double to)
{
    double left = qsc_svg_x(plot, from), right = qsc_svg_x(plot, to);
    qsc_text_add(plot->out, "<rect class=\"%s\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>\n",
                 class, left, plot->top, right - left, plot->height);
}

double qsc_svg_legend(struct qsc_text *out, const char *class, bool dot, double x, double y, const char *text)
{
    if (dot)
        qsc_text_add(out, "<path class=\"dots %s\" style=\"opacity:1\" d=\"M%.1f %.1fh0\"/>\n", class, x + 9,
                     y - 4);
    else
        qsc_text_add(out, "<path class=\"line %s\" d=\"M%.1f %.1fh18\"/>\n", class, x, y - 4);
    qsc_svg_text(out, "", x + 24, y, "start", text);
    return x + 42 + 6.6 * (double)strlen(text);
}
