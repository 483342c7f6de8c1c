#include "plot.h"
#include "report.h"
#include "schedule.h"

#include <errno.h>
#include <math.h>
#include <quiesce/concurrency/alloc.h>
#include <stdlib.h>
#include <string.h>

static const char style[] =
    "body{font:15px/1.5 system-ui,sans-serif;color:#222;background:#fff;max-width:1560px;margin:2em auto;"
    "padding:0 1.5em}h1{font-size:1.5em;margin:0}h2{font-size:1.05em;margin:2em 0 .3em;border-top:1px solid "
    "#ddd;padding-top:1em}.machine{color:#555;margin:.2em 0 1em}.warn{background:#fff6dd;border-left:4px "
    "solid "
    "#d9a400;padding:.4em .8em;margin:.4em 0}.plots{display:flex;flex-wrap:wrap;gap:8px}svg{max-width:100%;"
    "height:auto}svg text{font:12px system-ui,sans-serif;fill:#444}svg .title{font-weight:600;font-size:13px;"
    "fill:#222}svg .name{font-weight:600}svg .note{font-size:11px;fill:#777}svg .grid{stroke:"
    "#e4e4e4}svg .grey{fill:#efefef}svg .reference{stroke:#222;stroke-dasharray:5 4}svg .leader{fill:none;"
    "opacity:.45}table{border-collapse:collapse;font-size:13px;font-variant-numeric:tabular-nums;margin:.6em "
    "0}td,th{padding:.15em .8em;text-align:right;border-bottom:1px solid #eee}td:nth-child(-n+2),"
    "th:nth-child(-n+2){text-align:left}summary{cursor:pointer;color:#0b5cad}pre{background:#f6f6f6;padding:"
    ".8em;overflow-x:auto;font-size:12.5px}code{font-size:.93em}dt{font-weight:600}dd{margin:0 0 .5em 0}";

/* Everything that several parts of the page need. */
struct page {
    FILE *out;
    const struct lab_table *table;
    const json_t *session, *env;
    unsigned processors;
    enum lab_axis_name x;
    double places[LAB_VALUES_MAX]; /* the values on the x axis, the smallest first */
    char grey_words[64], x_label[32];
    struct lab_plot throughput, ratio, jain;
};

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "unknown";
}

static struct lab_cell cell_at(const struct page *page, const struct lab_cell *panel, unsigned place)
{
    struct lab_cell cell = *panel;
    cell.at[page->x] = page->places[place];
    return cell;
}

static bool is_shared(const struct page *page, const struct lab_cell *cell)
{
    return cell->at[LAB_AXIS_THREADS] + cell->at[LAB_AXIS_BACKGROUND] > page->processors;
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

/* What is not as it should be in a run: time that the hypervisor took, threads that began late. */
static unsigned flagged_runs(const struct lab_series *series)
{
    unsigned flagged = 0;
    for (unsigned i = 0; i < series->count; i++)
        flagged += series->records[i].steal > 0.005 || series->records[i].late > 0;
    return flagged;
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

static int fill_points(struct page *page, const struct lab_cell *panel, unsigned lock, unsigned place)
{
    struct lab_cell cell = cell_at(page, panel, place);
    unsigned index = lab_campaign_find(&page->table->campaign, &cell);
    const struct lab_series *series = lab_table_series(page->table, index, lock);
    struct lab_location throughput, ratio;
    int error = lab_series_locate(&throughput, series, NULL, LAB_SWEEP_ALPHA);
    if (error == 0)
        error = lab_series_locate(&ratio, series, lab_table_series(page->table, index, 0), LAB_SWEEP_ALPHA);
    if (error)
        return error;
    const char *name = page->table->campaign.locks[lock];
    struct lab_point *point = &page->throughput.lines[lock].points[place];
    *point = point_of(&throughput);
    double jain = median_of(series, offsetof(struct lab_record, jain));
    snprintf(point->tip, sizeof point->tip, "%s: %.4g passes/s, %u runs", name, point->y, good_runs(series));
    add_interval(point);
    point = &page->ratio.lines[lock].points[place];
    *point = point_of(&ratio);
    point->there = point->there && lock > 0;
    snprintf(point->tip, sizeof point->tip, "%s: %.4g times %s", name, point->y,
             page->table->campaign.locks[0]);
    add_interval(point);
    point = &page->jain.lines[lock].points[place];
    *point = (struct lab_point){isfinite(jain), jain, jain, jain, ""};
    snprintf(point->tip, sizeof point->tip, "%s: %.3f, median of %u runs", name, jain, good_runs(series));
    return 0;
}

/* "section 500 ns, outside 500 ns": what the panel's cells have in common, those first that tell it from
 * other panels. */
static void print_load(const struct page *page, const struct lab_cell *panel, bool distinguishing)
{
    const char *between = "";
    for (unsigned axis = 0; axis < LAB_AXES; axis++) {
        if (axis == page->x || (page->table->campaign.axes[axis].count > 1) != distinguishing)
            continue;
        char value[32];
        lab_value_print(value, sizeof value, axis, panel->at[axis]);
        fprintf(page->out, "%s%s %s%s", between, lab_axes[axis].name, value, lab_axes[axis].unit);
        between = ", ";
    }
}

static bool has_panels(const struct lab_campaign *campaign, enum lab_axis_name x)
{
    return lab_campaign_cells(campaign) > campaign->axes[x].count;
}

/* In two columns. */
static void print_estimate(FILE *out, const struct lab_point *point)
{
    fputs("<td>", out);
    if (point->there)
        lab_print_number(out, point->y);
    else
        fputs("none", out);
    fputs("</td><td>", out);
    if (point->there && isfinite(point->low)) {
        lab_print_number(out, point->low);
        fputs(" to ", out);
        lab_print_number(out, point->high);
    } else {
        fputs("too few runs", out);
    }
    fputs("</td>", out);
}

static void print_row(const struct page *page, const struct lab_cell *panel, unsigned place, unsigned lock)
{
    struct lab_cell cell = cell_at(page, panel, place);
    unsigned index = lab_campaign_find(&page->table->campaign, &cell);
    const struct lab_series *series = lab_table_series(page->table, index, lock);
    const struct lab_point *throughput = &page->throughput.lines[lock].points[place];
    const struct lab_point *ratio = &page->ratio.lines[lock].points[place];
    fprintf(page->out, "<tr><td>%s</td><td>", page->throughput.places[place]);
    lab_print_escaped(page->out, page->table->campaign.locks[lock]);
    fprintf(page->out, "</td><td>%u</td>", good_runs(series));
    print_estimate(page->out, throughput);
    if (lock > 0)
        print_estimate(page->out, ratio);
    else
        fputs("<td>1</td><td>baseline</td>", page->out);
    double preempted = 0;
    for (unsigned i = 0; i < series->count; i++)
        preempted += (double)series->records[i].preempted;
    if (good_runs(series) == 0) {
        fprintf(page->out, "<td>none</td><td>none</td><td>none</td><td>0</td><td>%s</td></tr>\n",
                lab_series_failed(series) ? series->records[0].failure : "");
        return;
    }
    fprintf(page->out, "<td>%.3f</td><td>%.3f</td><td>%.1f</td><td>%u</td><td>%s</td></tr>\n",
            median_of(series, offsetof(struct lab_record, jain)),
            median_of(series, offsetof(struct lab_record, upper_half)), preempted / good_runs(series),
            flagged_runs(series),
            lab_series_failed(series) ? series->records[series->count - 1].failure : "");
}

static void print_rows(const struct page *page, const struct lab_cell *panel)
{
    fprintf(page->out,
            "<details><summary>the figures</summary><table><tr><th>%s</th><th>lock</th><th>runs</th>"
            "<th>passes/s</th><th>99 %% interval</th><th>ratio to ",
            lab_axes[page->x].name);
    lab_print_escaped(page->out, page->table->campaign.locks[0]);
    fputs("</th><th>99 % interval</th><th>Jain</th><th>upper half</th><th>preempted a run</th>"
          "<th>flagged runs</th><th>failed</th></tr>\n",
          page->out);
    for (unsigned place = 0; place < page->throughput.place_count; place++) {
        for (unsigned lock = 0; lock < page->table->campaign.lock_count; lock++)
            print_row(page, panel, place, lock);
    }
    fputs("</table></details>\n", page->out);
}

/* On the axis of threads the region begins where they are more than the processors, elsewhere it is all or
 * nothing. */
static unsigned find_grey(const struct page *page, const struct lab_cell *panel)
{
    unsigned place = 0;
    while (place < page->throughput.place_count) {
        struct lab_cell cell = cell_at(page, panel, place);
        if (is_shared(page, &cell))
            break;
        place++;
    }
    return place;
}

static int print_panel(struct page *page, const struct lab_cell *panel)
{
    const struct lab_campaign *campaign = &page->table->campaign;
    for (unsigned lock = 0; lock < campaign->lock_count; lock++) {
        for (unsigned place = 0; place < page->throughput.place_count; place++) {
            int error = fill_points(page, panel, lock, place);
            if (error)
                return error;
        }
    }
    if (has_panels(campaign, page->x)) {
        fputs("<h2>", page->out);
        print_load(page, panel, true);
        fputs("</h2>\n", page->out);
    }
    unsigned grey = find_grey(page, panel);
    page->throughput.grey_from = page->ratio.grey_from = page->jain.grey_from = grey;
    fputs("<div class=plots>\n", page->out);
    lab_plot_print(page->out, &page->throughput);
    if (campaign->lock_count > 1)
        lab_plot_print(page->out, &page->ratio);
    lab_plot_print(page->out, &page->jain);
    fputs("</div>\n", page->out);
    print_rows(page, panel);
    return 0;
}

static void print_command(FILE *out, const json_t *session)
{
    size_t i;
    json_t *word;
    json_array_foreach(json_object_get(session, "command"), i, word)
    {
        fputs(i > 0 ? " " : "", out);
        lab_print_escaped(out, json_string_value(word));
    }
}

static void count_runs(const struct lab_table *table, unsigned *runs, unsigned *flagged, unsigned *failed)
{
    *runs = *flagged = *failed = 0;
    for (unsigned i = 0; i < table->cells * table->campaign.lock_count; i++) {
        *runs += table->series[i].count;
        *flagged += flagged_runs(&table->series[i]);
        *failed += lab_series_failed(&table->series[i]);
    }
}

static bool any_shared(const struct page *page)
{
    for (unsigned i = 0; i < page->table->cells; i++) {
        struct lab_cell cell = lab_campaign_cell(&page->table->campaign, i);
        if (is_shared(page, &cell))
            return true;
    }
    return false;
}

static bool has_value(const struct lab_values *values, double value)
{
    for (unsigned i = 0; i < values->count; i++) {
        if (values->of[i] == value)
            return true;
    }
    return false;
}

static void print_warnings(const struct page *page)
{
    FILE *out = page->out;
    unsigned runs, flagged, failed;
    count_runs(page->table, &runs, &flagged, &failed);
    if (any_shared(page))
        fprintf(
            out,
            "<p class=warn>This machine has %u processor%s: more threads than that share them by time "
            "slices. Those regions are grey. They show what a lock does when a holder is not running, and "
            "nothing about more processors.</p>\n",
            page->processors, page->processors == 1 ? "" : "s");
    if (has_value(&page->table->campaign.axes[LAB_AXIS_READS], 100))
        fputs("<p class=warn>Readers alone (reads 100 %) say nothing of what readers and writers of a lock "
              "do to "
              "each other.</p>\n",
              out);
    if (failed > 0)
        fprintf(out, "<p class=warn>%u series ended with a run that failed. They are in the figures.</p>\n",
                failed);
    if (flagged > 0)
        fprintf(
            out,
            "<p class=warn>%u of %u runs are flagged: the hypervisor took more than 0.5 %% of the time, or "
            "a thread began after the warm-up. They count all the same.</p>\n",
            flagged, runs);
}

static void print_head(const struct page *page)
{
    FILE *out = page->out;
    const struct lab_campaign *campaign = &page->table->campaign;
    fprintf(
        out,
        "<!doctype html>\n<html lang=en><head><meta charset=utf-8><meta name=viewport "
        "content=\"width=device-width\"><title>Locks under contention</title><style>%s</style></head><body>\n"
        "<h1>",
        style);
    for (unsigned lock = 0; lock < campaign->lock_count; lock++) {
        fputs(lock > 0 ? ", " : "", out);
        lab_print_escaped(out, campaign->locks[lock]);
    }
    fputs("</h1>\n<p class=machine>", out);
    lab_print_escaped(out, text_of(page->env, "cpu"));
    fprintf(out, ", %u processor%s, ", page->processors, page->processors == 1 ? "" : "s");
    if (json_is_string(json_object_get(page->env, "hypervisor")))
        fputs("virtual, ", out);
    lab_print_escaped(out, text_of(page->env, "kernel"));
    fputs(", ", out);
    lab_print_escaped(out, text_of(page->env, "libc"));
    fputs("; ", out);
    lab_print_escaped(out, text_of(page->session, "started"));
    fprintf(out, "<br>runs of %u ms after %u ms of warm-up, seed %" JSON_INTEGER_FORMAT, campaign->ms,
            campaign->warm_up_ms, (json_int_t)campaign->seed);
    if (campaign->preset[0]) {
        fputs(", preset ", out);
        lab_print_escaped(out, campaign->preset);
    }
    fputs("; ", out);
    struct lab_cell first = lab_campaign_cell(campaign, 0);
    print_load(page, &first, false);
    fputs("</p>\n", out);
    for (const struct lab_preset *preset = lab_presets; preset->name; preset++) {
        if (strcmp(preset->name, campaign->preset) != 0)
            continue;
        fprintf(out, "<p>The preset <b>%s</b> copies ", preset->name);
        lab_print_escaped(out, preset->copies);
        fputs("</p>\n", out);
    }
}

static const char how_to_read[] =
    "<h2>How to read this</h2><dl>"
    "<dt>passes a second, all threads</dt><dd>How often any thread went through the lock. The line is the "
    "Hodges-Lehmann estimate, the band the interval that belongs to Wilcoxon's signed-rank test and misses "
    "with "
    "1 % at most. A hollow mark has too few runs for one (fewer than 8).</dd>"
    "<dt>ratio to the baseline</dt><dd>Of runs next to each other in time, so that what changes slowly in "
    "the "
    "machine drops out. A band that contains 1 says that no difference was found, not that there is none. "
    "These are many intervals at once: expect about one in a hundred to be wrong. For a verdict on two locks "
    "use "
    "<code>qsc-lab compare</code>.</dd>"
    "<dt>Jain's index</dt><dd>How evenly the threads got through in a run, the median of the runs: from "
    "1/threads "
    "(one had all) to 1 (all the same).</dd>"
    "<dt>grey</dt><dd>More threads than processors, those of the background load included.</dd>"
    "<dt>the x axis</dt><dd>Its places stand at equal distances, whatever the values.</dd></dl>";

static void print_foot(const struct page *page, const char *source)
{
    FILE *out = page->out;
    fputs(how_to_read, out);
    fputs("<h2>Where this comes from</h2>\n<pre>", out);
    size_t i;
    json_t *session;
    json_array_foreach(page->table->sessions, i, session)
    {
        lab_print_escaped(out, text_of(session, "started"));
        fputs("  ", out);
        print_command(out, session);
        fputc('\n', out);
    }
    fputs("</pre>\n<p>Runs: <code>", out);
    lab_print_escaped(out, source);
    fputs("</code>. Program (SHA-256): <code>", out);
    lab_print_escaped(out, text_of(page->session, "binary_sha256"));
    fputs("</code>. Machine (SHA-256 of what follows): <code>", out);
    lab_print_escaped(out, text_of(page->session, "env_sha256"));
    double own = json_number_value(json_object_get(page->session, "own_cost_ns"));
    fprintf(out,
            "</code>. The loop that measures takes %.1f ns a pass with no lock and empty sections.</p>\n",
            own);
    fputs("<details><summary>the machine, and the claims that it supports</summary><pre>", out);
    char *env = json_dumps(page->env, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
    lab_print_escaped(out, env ? env : "");
    free(env); /* jansson's */
    fputs("</pre></details>\n</body></html>\n", out);
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

static void prepare(struct lab_plot *plot, const struct page *page, const char *title)
{
    const struct lab_campaign *campaign = &page->table->campaign;
    *plot = (struct lab_plot){.title = title,
                              .x_label = page->x_label,
                              .place_count = campaign->axes[page->x].count,
                              .grey_words = page->grey_words,
                              .logarithmic_from = HUGE_VAL,
                              .reference = NAN,
                              .lines = make_lines(campaign),
                              .line_count = campaign->lock_count};
    for (unsigned place = 0; place < plot->place_count; place++)
        lab_value_print(plot->places[place], sizeof plot->places[place], page->x, page->places[place]);
}

static int print_panels(struct page *page)
{
    const struct lab_campaign *campaign = &page->table->campaign;
    for (unsigned i = 0; i < page->table->cells; i++) {
        struct lab_cell cell = lab_campaign_cell(campaign, i);
        if (cell.at[page->x] != campaign->axes[page->x].of[0])
            continue;
        int error = print_panel(page, &cell);
        if (error)
            return error;
    }
    return 0;
}

int lab_report_html(FILE *out, const struct lab_table *table, const struct lab_view *view)
{
    const struct lab_campaign *campaign = &table->campaign;
    struct page page = {.out = out, .table = table, .session = json_array_get(table->sessions, 0)};
    page.env = json_object_get(page.session, "env");
    page.processors = (unsigned)json_integer_value(json_object_get(page.env, "processors"));
    snprintf(page.grey_words, sizeof page.grey_words, "over %u processor%s: time slices", page.processors,
             page.processors == 1 ? "" : "s");
    page.x = view->x;
    snprintf(page.x_label, sizeof page.x_label, "%s%s%s", lab_axes[page.x].name,
             lab_axes[page.x].unit[0] ? "," : "", lab_axes[page.x].unit);
    memcpy(page.places, campaign->axes[page.x].of, sizeof page.places);
    lab_order(page.places, campaign->axes[page.x].count);

    char ratio[LAB_NAME_MAX + 32];
    snprintf(ratio, sizeof ratio, "Ratio to %s", campaign->locks[0]);
    prepare(&page.throughput, &page, "Passes a second, all threads");
    prepare(&page.ratio, &page, ratio);
    prepare(&page.jain, &page, "Jain's index of the threads' passes");
    page.throughput.from_zero = page.jain.from_zero = true;
    page.throughput.logarithmic_from = 20; /* beyond, small values would lie on the axis */
    page.ratio.logarithmic_from = 3;
    page.ratio.reference = page.jain.reference = 1;
    int error = ENOMEM;
    if (page.throughput.lines && page.ratio.lines && page.jain.lines) {
        print_head(&page);
        print_warnings(&page);
        error = print_panels(&page);
        print_foot(&page, view->source);
    }
    qsc_free(page.throughput.lines);
    qsc_free(page.ratio.lines);
    qsc_free(page.jain.lines);
    return error;
}
