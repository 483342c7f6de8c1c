/* Not installed: plots as SVG. Colours come from CSS classes, so that one picture serves light and dark
 * pages. */
#ifndef QUIESCE_MODEL_SVG_H
#define QUIESCE_MODEL_SVG_H

#include "text.h"

#include <stdbool.h>

struct qsc_svg_axis {
    double from, to;
    bool logarithmic;  /* from > 0 */
    const char *label; /* with the unit; NULL: none */
};

/* A rectangle of the picture, in its pixels, and what its sides stand for. */
struct qsc_svg_plot {
    struct qsc_text *out;
    double left, top, width, height;
    struct qsc_svg_axis x, y;
};

struct qsc_svg_tick {
    double at;
    const char *label;
};

/* Opens a picture; `title` is read out by screen readers. */
void qsc_svg_begin(struct qsc_text *out, double width, double height, const char *title);
void qsc_svg_end(struct qsc_text *out);

/* Where a value lies, in pixels; values beyond an axis lie on its end. */
double qsc_svg_x(const struct qsc_svg_plot *plot, double value);
double qsc_svg_y(const struct qsc_svg_plot *plot, double value);

/* The frame: grid lines with their labels at round values (logarithmic: at 1, 10, 100, ...), and the axes'
 * names. */
void qsc_svg_frame(const struct qsc_svg_plot *plot);
/* The same with the grid lines of x where the caller wants them. */
void qsc_svg_frame_with(const struct qsc_svg_plot *plot, const struct qsc_svg_tick *x_ticks, size_t count);

/* The distance of grid lines: 1, 2 or 5 times a power of ten, and no less than `least`, which is above 0. */
double qsc_svg_step(double least);

/* A line through points whose order is that of x. */
void qsc_svg_line(const struct qsc_svg_plot *plot, const char *class, const double *x, const double *y,
                  size_t count);
/* A dot for each point. */
void qsc_svg_dots(const struct qsc_svg_plot *plot, const char *class, const double *x, const double *y,
                  size_t count);
/* Vertical lines from the bottom up to `share` of the height. */
void qsc_svg_marks(const struct qsc_svg_plot *plot, const char *class, const double *x, size_t count,
                   double share);
/* A band over the whole height. */
void qsc_svg_band(const struct qsc_svg_plot *plot, const char *class, double from, double to);
/* A text at a place in pixels; anchor is start, middle or end. */
void qsc_svg_text(struct qsc_text *out, const char *class, double x, double y, const char *anchor,
                  const char *text);
/* A legend's entry: a short line or dot of the class, and its text. Returns where the next one may begin. */
double qsc_svg_legend(struct qsc_text *out, const char *class, bool dot, double x, double y,
                      const char *text);

/* The style that the classes above refer to, for a picture or a page: light, and dark where the reader
 * prefers it. */
extern const char qsc_svg_style[];

#endif
