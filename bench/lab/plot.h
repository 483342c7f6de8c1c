/* One plot in SVG: lines with bands over places on the x axis that stand at equal distances. */
#ifndef QUIESCE_LAB_PLOT_H
#define QUIESCE_LAB_PLOT_H

#include "model/text.h"

#include <stdbool.h>

enum { LAB_PLACES_MAX = 32, LAB_TIP_MAX = 192 };

struct lab_point {
    bool there;
    double y, low, high; /* y alone where the interval is not finite */
    char tip[LAB_TIP_MAX];
};

struct lab_line {
    const char *name;
    unsigned style; /* a lock has the same in all plots */
    struct lab_point points[LAB_PLACES_MAX];
};

struct lab_plot {
    const char *title, *x_label;
    char places[LAB_PLACES_MAX][24];
    unsigned place_count;
    unsigned grey_from; /* the first place of the grey region */
    const char *grey_words;
    bool from_zero;          /* the y axis, unless it is logarithmic */
    double logarithmic_from; /* which it is where values are further apart than by that factor */
    double reference;        /* a line at that height; NAN: none */
    struct lab_line *lines;
    unsigned line_count;
};

void lab_plot_print(struct qsc_text *out, const struct lab_plot *plot);

/* As on the axes: "1.5 M". */
void lab_number_print(char *text, size_t size, double value);

#endif
