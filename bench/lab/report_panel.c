#include "report_panel.h"

#include "schedule.h"

#include <errno.h>
#include <math.h>
#include <quiesce/concurrency/alloc.h>
#include <string.h>

static struct lab_cell cell_at(const struct lab_panels *panels, const struct lab_cell *panel, unsigned place)
{
    struct lab_cell cell = *panel;
    cell.at[panels->x] = panels->places[place];
    return cell;
}

bool lab_panels_shared(const struct lab_panels *panels, const struct lab_cell *cell)
{
    return cell->at[LAB_AXIS_THREADS] + cell->at[LAB_AXIS_BACKGROUND] > panels->processors;
}

static double median_of(const struct lab_series *series, size_t offset)
{
    double values[LAB_DIFFERENCES_MAX];
    unsigned count = 0;
    for (unsigned i = 0; i < series->count; i++) {
        if (!series->records[i].failure)
            memcpy(&values[count++], (const char *)&series->records[i] + offset, sizeof *values);
    }
    lab_order(values, count);
    return count > 0 ? lab_median(values, count) : NAN;
}

static unsigned good_runs(const struct lab_series *series)
{
    return series->count - lab_series_failed(series);
}

/* Logarithms become what they are of. */
static struct lab_point point_of(const struct lab_location *location)
{
    return (struct lab_point){.there = isfinite(location->estimate),
                              .y = exp(location->estimate),
                              .low = isfinite(location->low) ? exp(location->low) : -HUGE_VAL,
                              .high = isfinite(location->high) ? exp(location->high) : HUGE_VAL};
}

static void add_interval(struct lab_point *point)
{
    size_t length = strlen(point->tip);
    if (isfinite(point->low))
        snprintf(point->tip + length, sizeof point->tip - length, ", 99 %% interval %.4g to %.4g", point->low,
                 point->high);
    else
        snprintf(point->tip + length, sizeof point->tip - length, ", too few for an interval");
}

static int fill_points(struct lab_panels *panels, const struct lab_cell *panel, unsigned lock, unsigned place)
{
    struct lab_cell cell = cell_at(panels, panel, place);
    unsigned index = lab_campaign_find(&panels->table->campaign, &cell);
    const struct lab_series *series = lab_table_series(panels->table, index, lock);
    struct lab_location throughput, ratio;
    int error = lab_series_locate(&throughput, series, NULL, LAB_SWEEP_ALPHA);
    if (error == 0)
        error = lab_series_locate(&ratio, series, lab_table_series(panels->table, index, 0), LAB_SWEEP_ALPHA);
    if (error)
        return error;
    const char *name = panels->table->campaign.locks[lock];
    struct lab_point *point = &panels->throughput.lines[lock].points[place];
    *point = point_of(&throughput);
    double jain = median_of(series, offsetof(struct lab_record, jain));
    snprintf(point->tip, sizeof point->tip, "%s: %.4g passes/s, %u runs", name, point->y, good_runs(series));
    add_interval(point);
    point = &panels->ratio.lines[lock].points[place];
    *point = point_of(&ratio);
    point->there = point->there && lock > 0;
    snprintf(point->tip, sizeof point->tip, "%s: %.4g times %s", name, point->y,
             panels->table->campaign.locks[0]);
    add_interval(point);
    point = &panels->jain.lines[lock].points[place];
    *point = (struct lab_point){isfinite(jain), jain, jain, jain, ""};
    snprintf(point->tip, sizeof point->tip, "%s: %.3f, median of %u runs", name, jain, good_runs(series));
    return 0;
}

void lab_load_print(struct qsc_text *out, const struct lab_campaign *campaign, enum lab_axis_name x,
                    const struct lab_cell *cell, bool distinguishing)
{
    const char *between = "";
    for (unsigned axis = 0; axis < LAB_AXES; axis++) {
        if (axis == x || (campaign->axes[axis].count > 1) != distinguishing)
            continue;
        char value[32];
        lab_value_print(value, sizeof value, axis, cell->at[axis]);
        qsc_text_add(out, "%s%s %s%s", between, lab_axes[axis].name, value, lab_axes[axis].unit);
        between = ", ";
    }
}

static bool has_panels(const struct lab_campaign *campaign, enum lab_axis_name x)
{
    return lab_campaign_cells(campaign) > campaign->axes[x].count;
}

/* In two columns. */
static void print_estimate(struct qsc_text *out, const struct lab_point *point)
{
    char number[32] = "none", low[32], high[32];
    if (point->there)
        lab_number_print(number, sizeof number, point->y);
    lab_number_print(low, sizeof low, point->low);
    lab_number_print(high, sizeof high, point->high);
    if (point->there && isfinite(point->low))
        qsc_text_add(out, "<td>%s</td><td>%s to %s</td>", number, low, high);
    else
        qsc_text_add(out, "<td>%s</td><td>too few runs</td>", number);
}

static void print_row(struct qsc_text *out, const struct lab_panels *panels, const struct lab_cell *panel,
                      unsigned place, unsigned lock)
{
    struct lab_cell cell = cell_at(panels, panel, place);
    unsigned index = lab_campaign_find(&panels->table->campaign, &cell);
    const struct lab_series *series = lab_table_series(panels->table, index, lock);
    const struct lab_point *throughput = &panels->throughput.lines[lock].points[place];
    const struct lab_point *ratio = &panels->ratio.lines[lock].points[place];
    qsc_text_add(out, "<tr><td>%s</td><td>", panels->throughput.places[place]);
    qsc_text_add_escaped(out, panels->table->campaign.locks[lock]);
    qsc_text_add(out, "</td><td>%u</td>", good_runs(series));
    print_estimate(out, throughput);
    if (lock > 0)
        print_estimate(out, ratio);
    else
        qsc_text_add(out, "<td>1</td><td>baseline</td>");
    const char *failure = lab_series_failed(series) ? series->records[series->count - 1].failure : "";
    if (good_runs(series) == 0) {
        qsc_text_add(out, "<td>none</td><td>none</td><td>none</td><td>0</td><td>%s</td></tr>\n", failure);
        return;
    }
    double preempted = 0;
    for (unsigned i = 0; i < series->count; i++)
        preempted += (double)series->records[i].preempted;
    qsc_text_add(out, "<td>%.3f</td><td>%.3f</td><td>%.1f</td><td>%u</td><td>%s</td></tr>\n",
                 median_of(series, offsetof(struct lab_record, jain)),
                 median_of(series, offsetof(struct lab_record, upper_half)), preempted / good_runs(series),
                 lab_series_flagged(series), failure);
}

static void print_rows(struct qsc_text *out, const struct lab_panels *panels, const struct lab_cell *panel)
{
    qsc_text_add(out,
                 "<details><summary>the figures</summary><table><tr><th>%s</th><th>lock</th><th>runs</th>"
                 "<th>passes/s</th><th>99 %% interval</th><th>ratio to ",
                 lab_axes[panels->x].name);
    qsc_text_add_escaped(out, panels->table->campaign.locks[0]);
    qsc_text_add(out, "</th><th>99 %% interval</th><th>Jain</th><th>upper half</th><th>preempted a run</th>"
                      "<th>flagged runs</th><th>failed</th></tr>\n");
    for (unsigned place = 0; place < panels->throughput.place_count; place++) {
        for (unsigned lock = 0; lock < panels->table->campaign.lock_count; lock++)
            print_row(out, panels, panel, place, lock);
    }
    qsc_text_add(out, "</table></details>\n");
}

/* On the axis of threads the region begins where they are more than the processors, elsewhere it is all or
 * nothing. */
static unsigned find_grey(const struct lab_panels *panels, const struct lab_cell *panel)
{
    unsigned place = 0;
    while (place < panels->throughput.place_count) {
        struct lab_cell cell = cell_at(panels, panel, place);
        if (lab_panels_shared(panels, &cell))
            break;
        place++;
    }
    return place;
}

static int print_panel(struct lab_panels *panels, struct qsc_text *out, const struct lab_cell *panel)
{
    const struct lab_campaign *campaign = &panels->table->campaign;
    for (unsigned lock = 0; lock < campaign->lock_count; lock++) {
        for (unsigned place = 0; place < panels->throughput.place_count; place++) {
            int error = fill_points(panels, panel, lock, place);
            if (error)
                return error;
        }
    }
    if (has_panels(campaign, panels->x)) {
        qsc_text_add(out, "<h2>");
        lab_load_print(out, campaign, panels->x, panel, true);
        qsc_text_add(out, "</h2>\n");
    }
    unsigned grey = find_grey(panels, panel);
    panels->throughput.grey_from = panels->ratio.grey_from = panels->jain.grey_from = grey;
    qsc_text_add(out, "<div class=plots>\n");
    lab_plot_print(out, &panels->throughput);
    if (campaign->lock_count > 1)
        lab_plot_print(out, &panels->ratio);
    lab_plot_print(out, &panels->jain);
    qsc_text_add(out, "</div>\n");
    print_rows(out, panels, panel);
    return 0;
}

static struct lab_line *make_lines(const struct lab_campaign *campaign)
{
    struct lab_line *lines = qsc_alloc_zeroed(campaign->lock_count, sizeof *lines);
    for (unsigned lock = 0; lines && lock < campaign->lock_count; lock++) {
        lines[lock].name = campaign->locks[lock];
        lines[lock].style = lock;
    }
    return lines;
}

static int prepare(struct lab_plot *plot, const struct lab_panels *panels, const char *title)
{
    const struct lab_campaign *campaign = &panels->table->campaign;
    *plot = (struct lab_plot){.title = title,
                              .x_label = panels->x_label,
                              .place_count = campaign->axes[panels->x].count,
                              .grey_words = panels->grey_words,
                              .logarithmic_from = HUGE_VAL,
                              .reference = NAN,
                              .lines = make_lines(campaign),
                              .line_count = campaign->lock_count};
    for (unsigned place = 0; place < plot->place_count; place++)
        lab_value_print(plot->places[place], sizeof plot->places[place], panels->x, panels->places[place]);
    return plot->lines ? 0 : ENOMEM;
}

int lab_panels_init(struct lab_panels *panels, const struct lab_table *table, enum lab_axis_name x,
                    unsigned processors)
{
    const struct lab_campaign *campaign = &table->campaign;
    *panels = (struct lab_panels){.table = table, .processors = processors, .x = x};
    snprintf(panels->grey_words, sizeof panels->grey_words, "over %u processor%s: time slices", processors,
             processors == 1 ? "" : "s");
    snprintf(panels->x_label, sizeof panels->x_label, "%s%s%s", lab_axes[x].name,
             lab_axes[x].unit[0] ? "," : "", lab_axes[x].unit);
    snprintf(panels->ratio_title, sizeof panels->ratio_title, "Ratio to %s", campaign->locks[0]);
    memcpy(panels->places, campaign->axes[x].of, sizeof panels->places);
    lab_order(panels->places, campaign->axes[x].count);
    if (prepare(&panels->throughput, panels, "Passes a second, all threads") != 0 ||
        prepare(&panels->ratio, panels, panels->ratio_title) != 0 ||
        prepare(&panels->jain, panels, "Jain's index of the threads' passes") != 0) {
        lab_panels_fini(panels);
        return ENOMEM;
    }
    panels->throughput.from_zero = panels->jain.from_zero = true;
    panels->throughput.logarithmic_from = 20; /* beyond, small values would lie on the axis */
    panels->ratio.logarithmic_from = 3;
    panels->ratio.reference = panels->jain.reference = 1;
    return 0;
}

void lab_panels_fini(struct lab_panels *panels)
{
    qsc_free(panels->throughput.lines);
    qsc_free(panels->ratio.lines);
    qsc_free(panels->jain.lines);
}

int lab_panels_print(struct lab_panels *panels, struct qsc_text *out)
{
    const struct lab_campaign *campaign = &panels->table->campaign;
    for (unsigned i = 0; i < panels->table->cells; i++) {
        struct lab_cell cell = lab_campaign_cell(campaign, i);
        if (cell.at[panels->x] != campaign->axes[panels->x].of[0])
            continue;
        int error = print_panel(panels, out, &cell);
        if (error)
            return error;
    }
    return 0;
}
