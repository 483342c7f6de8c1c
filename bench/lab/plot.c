#include "plot.h"

#include "model/svg.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Pixels. */
enum {
    WIDTH = 508,
    HEIGHT = 310,
    LEFT = 58,
    RIGHT = 142,
    TOP = 30,
    BOTTOM = 46,
    LABEL_HEIGHT = 13,
    INNER_WIDTH = WIDTH - LEFT - RIGHT,
    INNER_HEIGHT = HEIGHT - TOP - BOTTOM
};

/* M. Okabe and K. Ito's colours, which the colour-blind tell apart, the yellow one darker for white paper. */
static const char *const colours[] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                      "#b8860b", "#4aa3df", "#6a3d9a", "#333333"};
enum { BEYOND = 10 }; /* a factor */
enum { COLOURS = sizeof colours / sizeof *colours };
static const char *const dashes[] = {"none", "7 3", "2 3", "9 3 2 3"};

struct scale {
    double low, high;
    bool logarithmic;
};

static bool has_band(const struct lab_point *point)
{
    return point->there && isfinite(point->low) && isfinite(point->high);
}

static struct scale choose_scale(const struct lab_plot *plot)
{
    double low = HUGE_VAL, high = -HUGE_VAL, band_low = HUGE_VAL, band_high = -HUGE_VAL;
    for (unsigned i = 0; i < plot->line_count; i++) {
        for (unsigned place = 0; place < plot->place_count; place++) {
            const struct lab_point *point = &plot->lines[i].points[place];
            if (!point->there)
                continue;
            low = fmin(low, point->y);
            high = fmax(high, point->y);
            band_low = has_band(point) ? fmin(band_low, point->low) : band_low;
            band_high = has_band(point) ? fmax(band_high, point->high) : band_high;
        }
    }
    /* A band that goes far beyond all points would press them together: it ends at the edge. */
    low = fmin(low, fmax(band_low, low / BEYOND));
    high = fmax(high, fmin(band_high, high * BEYOND));
    if (!isfinite(low)) /* no point */
        return (struct scale){0, 1, false};
    if (isfinite(plot->reference)) {
        low = fmin(low, plot->reference);
        high = fmax(high, plot->reference);
    }
    struct scale scale = {low, high, low > 0 && high / low > plot->logarithmic_from};
    if (scale.logarithmic) {
        scale.low = low / 1.15;
        scale.high = high * 1.15;
    } else {
        double room = fmax((high - low) * 0.06, fabs(high) * 0.01);
        scale.low = plot->from_zero ? 0 : low - room;
        scale.high = high + room;
    }
    return scale;
}

static double height_of(const struct scale *scale, double y)
{
    double share = scale->logarithmic ? log(y / scale->low) / log(scale->high / scale->low)
                                      : (y - scale->low) / (scale->high - scale->low);
    return TOP + INNER_HEIGHT * (1 - fmin(fmax(share, 0), 1));
}

static double place_of(const struct lab_plot *plot, double place)
{
    return LEFT + INNER_WIDTH * (place + 0.5) / plot->place_count;
}

void lab_number_print(char *text, size_t size, double value)
{
    static const struct {
        double unit;
        const char *suffix;
    } units[] = {{1e9, " G"}, {1e6, " M"}, {1e3, " k"}};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (value >= units[i].unit) {
            snprintf(text, size, "%.4g%s", value / units[i].unit, units[i].suffix);
            return;
        }
    }
    snprintf(text, size, "%.4g", fabs(value) < 1e-9 ? 0 : value);
}

static void print_tick(struct qsc_text *out, const struct scale *scale, double value)
{
    char number[32];
    lab_number_print(number, sizeof number, value);
    double y = height_of(scale, value);
    qsc_text_add(out, "<line class=grid x1=%d x2=%d y1=%.1f y2=%.1f />", LEFT, LEFT + INNER_WIDTH, y, y);
    qsc_svg_text(out, "tick", LEFT - 6, y + 4, "end", number);
}

static void print_linear_ticks(struct qsc_text *out, const struct scale *scale)
{
    double step = qsc_svg_step((scale->high - scale->low) / 5);
    for (double value = ceil(scale->low / step) * step; value <= scale->high; value += step)
        print_tick(out, scale, value);
}

/* 1, 2, 5, 10, ... where there is room, else powers of 10. */
static void print_logarithmic_ticks(struct qsc_text *out, const struct scale *scale)
{
    bool room = scale->high / scale->low < 2000;
    for (double power = pow(10, floor(log10(scale->low))); power <= scale->high; power *= 10) {
        for (int of = 1; of <= 5; of += of == 1 ? 1 : 3) {
            if (power * of >= scale->low && power * of <= scale->high && (of == 1 || room))
                print_tick(out, scale, power * of);
        }
    }
}

static void print_grey(struct qsc_text *out, const struct lab_plot *plot)
{
    if (plot->grey_from >= plot->place_count)
        return;
    double x = plot->grey_from == 0 ? LEFT : place_of(plot, plot->grey_from - 0.5);
    qsc_text_add(out, "<rect class=grey x=%.1f y=%d width=%.1f height=%d />", x, TOP, LEFT + INNER_WIDTH - x,
                 INNER_HEIGHT);
    qsc_svg_text(out, "note", LEFT + INNER_WIDTH - 5, TOP + INNER_HEIGHT - 6, "end", plot->grey_words);
}

static void print_axes(struct qsc_text *out, const struct lab_plot *plot, const struct scale *scale)
{
    if (scale->logarithmic)
        print_logarithmic_ticks(out, scale);
    else
        print_linear_ticks(out, scale);
    if (isfinite(plot->reference))
        qsc_text_add(out, "<line class=reference x1=%d x2=%d y1=%.1f y2=%.1f />\n", LEFT, LEFT + INNER_WIDTH,
                     height_of(scale, plot->reference), height_of(scale, plot->reference));
    for (unsigned place = 0; place < plot->place_count; place++)
        qsc_svg_text(out, "tick", place_of(plot, place), TOP + INNER_HEIGHT + 16, "middle",
                     plot->places[place]);
    qsc_svg_text(out, "tick", LEFT + INNER_WIDTH / 2, HEIGHT - 10, "middle", plot->x_label);
    char title[128];
    snprintf(title, sizeof title, "%s%s", plot->title, scale->logarithmic ? ", logarithmic scale" : "");
    qsc_svg_text(out, "title", 6, 16, "start", title);
}

/* Over neighbours that both have one; an interval that has no neighbour gets whiskers alone. */
static void print_band(struct qsc_text *out, const struct lab_plot *plot, const struct scale *scale,
                       const struct lab_line *line)
{
    const char *colour = colours[line->style % COLOURS];
    for (unsigned i = 0; i < plot->place_count; i++) {
        const struct lab_point *here = &line->points[i], *next = here + 1;
        if (!has_band(here) || here->low == here->high)
            continue;
        double x = place_of(plot, i), high = height_of(scale, here->high), low = height_of(scale, here->low);
        qsc_text_add(out,
                     "<path stroke=\"%s\" opacity=0.7 d=\"M%.1f %.1fV%.1fM%.1f %.1fh6M%.1f %.1fh6\" />\n",
                     colour, x, high, low, x - 3, high, x - 3, low);
        if (i + 1 < plot->place_count && has_band(next) && next->low < next->high) {
            double x_next = place_of(plot, i + 1);
            qsc_text_add(
                out,
                "<polygon fill=\"%s\" opacity=0.16 points=\"%.1f,%.1f %.1f,%.1f %.1f,%.1f %.1f,%.1f\" />\n",
                colour, x, high, x_next, height_of(scale, next->high), x_next, height_of(scale, next->low), x,
                low);
        }
    }
}

/* Hollow where there is no interval. */
static void print_marker(struct qsc_text *out, const struct lab_point *point, double x, double y,
                         const char *colour)
{
    qsc_text_add(out, "<circle r=3.5 cx=%.1f cy=%.1f stroke=\"%s\" fill=\"%s\"><title>", x, y, colour,
                 has_band(point) ? colour : "white");
    qsc_text_add_escaped(out, point->tip);
    qsc_text_add(out, "</title></circle>\n");
}

static void print_line(struct qsc_text *out, const struct lab_plot *plot, const struct scale *scale,
                       const struct lab_line *line)
{
    const char *colour = colours[line->style % COLOURS];
    qsc_text_add(out, "<path fill=none stroke-width=1.8 stroke=\"%s\" stroke-dasharray=\"%s\" d=\"", colour,
                 dashes[line->style / COLOURS % (sizeof dashes / sizeof *dashes)]);
    bool joined = false;
    for (unsigned i = 0; i < plot->place_count; i++) {
        if (line->points[i].there)
            qsc_text_add(out, "%s%.1f %.1f", joined ? "L" : "M", place_of(plot, i),
                         height_of(scale, line->points[i].y));
        joined = line->points[i].there;
    }
    qsc_text_add(out, "\" />\n");
    for (unsigned i = 0; i < plot->place_count; i++) {
        if (line->points[i].there)
            print_marker(out, &line->points[i], place_of(plot, i), height_of(scale, line->points[i].y),
                         colour);
    }
}

/* Names stand at the ends of their lines, as far apart as they must be. */
struct label {
    const struct lab_line *line;
    double x, y, at;
};

static int compare_labels(const void *a, const void *b)
{
    double x = ((const struct label *)a)->y, y = ((const struct label *)b)->y;
    return (x > y) - (x < y);
}

static void print_labels(struct qsc_text *out, const struct lab_plot *plot, const struct scale *scale)
{
    struct label labels[64];
    unsigned count = 0;
    for (unsigned i = 0; i < plot->line_count && count < sizeof labels / sizeof *labels; i++) {
        const struct lab_line *line = &plot->lines[i];
        unsigned last = plot->place_count;
        while (last > 0 && !line->points[last - 1].there)
            last--;
        if (last == 0)
            continue;
        double y = height_of(scale, line->points[last - 1].y);
        labels[count++] = (struct label){line, place_of(plot, last - 1), y, y};
    }
    qsort(labels, count, sizeof *labels, compare_labels);
    for (unsigned i = 1; i < count; i++)
        labels[i].at = fmax(labels[i].at, labels[i - 1].at + LABEL_HEIGHT);
    double floor = TOP + INNER_HEIGHT + LABEL_HEIGHT;
    for (unsigned i = count; i-- > 0; floor = labels[i].at - LABEL_HEIGHT)
        labels[i].at = fmin(labels[i].at, floor);
    for (unsigned i = 0; i < count; i++) {
        const char *colour = colours[labels[i].line->style % COLOURS];
        qsc_text_add(out,
                     "<path class=leader stroke=\"%s\" d=\"M%.1f %.1fL%d %.1f\" /><text class=name "
                     "style=\"fill:%s\" x=%d "
                     "y=%.1f>",
                     colour, labels[i].x + 5, labels[i].y, LEFT + INNER_WIDTH + 6, labels[i].at, colour,
                     LEFT + INNER_WIDTH + 9, labels[i].at + 4);
        qsc_text_add_escaped(out, labels[i].line->name);
        qsc_text_add(out, "</text>\n");
    }
}

void lab_plot_print(struct qsc_text *out, const struct lab_plot *plot)
{
    struct scale scale = choose_scale(plot);
    qsc_text_add(out, "<svg viewBox=\"0 0 %d %d\" width=%d role=img aria-label=\"", WIDTH, HEIGHT, WIDTH);
    qsc_text_add_escaped(out, plot->title);
    qsc_text_add(out, "\">\n");
    print_grey(out, plot);
    print_axes(out, plot, &scale);
    for (unsigned i = 0; i < plot->line_count; i++)
        print_band(out, plot, &scale, &plot->lines[i]);
    for (unsigned i = 0; i < plot->line_count; i++)
        print_line(out, plot, &scale, &plot->lines[i]);
    print_labels(out, plot, &scale);
    qsc_text_add(out, "</svg>\n");
}
