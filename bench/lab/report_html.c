#include "report.h"

#include "report_panel.h"

#include <stdlib.h>
#include <string.h>

static const char style[] =
    "body{font:15px/1.5 system-ui,sans-serif;color:#222;background:#fff;max-width:1560px;margin:2em "
    "auto;padding:0 1.5em}"
    "h1{font-size:1.5em;margin:0}"
    "h2{font-size:1.05em;margin:2em 0 .3em;border-top:1px solid #ddd;padding-top:1em}"
    ".machine{color:#555;margin:.2em 0 1em}"
    ".warn{background:#fff6dd;border-left:4px solid #d9a400;padding:.4em .8em;margin:.4em 0}"
    ".plots{display:flex;flex-wrap:wrap;gap:8px}"
    "svg{max-width:100%;height:auto}"
    "svg text{font:12px system-ui,sans-serif;fill:#444}"
    "svg .title{font-weight:600;font-size:13px;fill:#222}"
    "svg .name{font-weight:600}"
    "svg .note{font-size:11px;fill:#777}"
    "svg .grid{stroke:#e4e4e4}"
    "svg .grey{fill:#efefef}"
    "svg .reference{stroke:#222;stroke-dasharray:5 4}"
    "svg .leader{fill:none;opacity:.45}"
    "table{border-collapse:collapse;font-size:13px;font-variant-numeric:tabular-nums;margin:.6em 0}"
    "td,th{padding:.15em .8em;text-align:right;border-bottom:1px solid #eee}"
    "td:nth-child(-n+2),th:nth-child(-n+2){text-align:left}"
    "summary{cursor:pointer;color:#0b5cad}"
    "pre{background:#f6f6f6;padding:.8em;overflow-x:auto;font-size:12.5px}"
    "code{font-size:.93em}"
    "dt{font-weight:600}"
    "dd{margin:0 0 .5em 0}";

/* Everything that several parts of the page need. */
struct page {
    struct qsc_text *out;
    const json_t *session, *env;
    struct lab_panels panels;
};

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "unknown";
}

static void print_command(struct qsc_text *out, const json_t *session)
{
    size_t i;
    json_t *word;
    json_array_foreach(json_object_get(session, "command"), i, word)
    {
        qsc_text_add(out, "%s", i > 0 ? " " : "");
        qsc_text_add_escaped(out, json_string_value(word));
    }
}

static void count_runs(const struct lab_table *table, unsigned *runs, unsigned *flagged, unsigned *failed)
{
    *runs = *flagged = *failed = 0;
    for (unsigned i = 0; i < table->cells * table->campaign.lock_count; i++) {
        *runs += table->series[i].count;
        *flagged += lab_series_flagged(&table->series[i]);
        *failed += lab_series_failed(&table->series[i]);
    }
}

static bool any_shared(const struct page *page)
{
    for (unsigned i = 0; i < page->panels.table->cells; i++) {
        struct lab_cell cell = lab_campaign_cell(&page->panels.table->campaign, i);
        if (lab_panels_shared(&page->panels, &cell))
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
    struct qsc_text *out = page->out;
    unsigned runs, flagged, failed;
    count_runs(page->panels.table, &runs, &flagged, &failed);
    if (any_shared(page))
        qsc_text_add(
            out,
            "<p class=warn>This machine has %u processor%s: more threads than that share them by time "
            "slices. Those regions are grey. They show what a lock does when a holder is not running, and "
            "nothing about more processors.</p>\n",
            page->panels.processors, page->panels.processors == 1 ? "" : "s");
    if (has_value(&page->panels.table->campaign.axes[LAB_AXIS_READS], 100))
        qsc_text_add(
            out,
            "<p class=warn>Readers alone (reads 100 %%) say nothing of what readers and writers of a lock do "
            "to each other.</p>\n");
    if (failed > 0)
        qsc_text_add(out,
                     "<p class=warn>%u series ended with a run that failed. They are in the figures.</p>\n",
                     failed);
    if (flagged > 0)
        qsc_text_add(
            out,
            "<p class=warn>%u of %u runs are flagged: the hypervisor took more than 0.5 %% of the time, or "
            "a thread began after the warm-up. They count all the same.</p>\n",
            flagged, runs);
}

static void print_head(const struct page *page)
{
    struct qsc_text *out = page->out;
    const struct lab_campaign *campaign = &page->panels.table->campaign;
    qsc_text_add(
        out,
        "<!doctype html>\n<html lang=en><head><meta charset=utf-8><meta name=viewport "
        "content=\"width=device-width\"><title>Locks under contention</title><style>%s</style></head><body>\n"
        "<h1>",
        style);
    for (unsigned lock = 0; lock < campaign->lock_count; lock++) {
        qsc_text_add(out, "%s", lock > 0 ? ", " : "");
        qsc_text_add_escaped(out, campaign->locks[lock]);
    }
    qsc_text_add(out, "</h1>\n<p class=machine>");
    qsc_text_add_escaped(out, text_of(page->env, "cpu"));
    qsc_text_add(out, ", %u processor%s, ", page->panels.processors, page->panels.processors == 1 ? "" : "s");
    if (json_is_string(json_object_get(page->env, "hypervisor")))
        qsc_text_add(out, "virtual, ");
    qsc_text_add_escaped(out, text_of(page->env, "kernel"));
    qsc_text_add(out, ", ");
    qsc_text_add_escaped(out, text_of(page->env, "libc"));
    qsc_text_add(out, "; ");
    qsc_text_add_escaped(out, text_of(page->session, "started"));
    qsc_text_add(out, "<br>runs of %u ms after %u ms of warm-up, seed %" JSON_INTEGER_FORMAT, campaign->ms,
                 campaign->warm_up_ms, (json_int_t)campaign->seed);
    if (campaign->preset[0]) {
        qsc_text_add(out, ", preset ");
        qsc_text_add_escaped(out, campaign->preset);
    }
    qsc_text_add(out, "; ");
    struct lab_cell first = lab_campaign_cell(campaign, 0);
    lab_load_print(out, campaign, page->panels.x, &first, false);
    qsc_text_add(out, "</p>\n");
    for (unsigned i = 0; i < LAB_PRESETS; i++) {
        if (strcmp(lab_presets[i].name, campaign->preset) != 0)
            continue;
        qsc_text_add(out, "<p>The preset <b>%s</b> copies ", lab_presets[i].name);
        qsc_text_add_escaped(out, lab_presets[i].copies);
        qsc_text_add(out, "</p>\n");
    }
}

static const char how_to_read[] =
    "<h2>How to read this</h2><dl>"
    "<dt>passes a second, all threads</dt><dd>How often any thread went through the lock. The line is the "
    "Hodges-Lehmann estimate, the band the interval that belongs to Wilcoxon's signed-rank test and misses "
    "with 1 % at most. A hollow mark has too few runs for one (fewer than 8).</dd>"
    "<dt>ratio to the baseline</dt><dd>Of runs next to each other in time, so that what changes slowly in "
    "the machine drops out. A band that contains 1 says that no difference was found, not that there is "
    "none. These are many intervals at once: expect about one in a hundred to be wrong. For a verdict on two "
    "locks use <code>qsc-lab compare</code>.</dd>"
    "<dt>Jain's index</dt><dd>How evenly the threads got through in a run, the median of the runs: from "
    "1/threads (one had all) to 1 (all the same).</dd>"
    "<dt>grey</dt><dd>More threads than processors, those of the background load included.</dd>"
    "<dt>the x axis</dt><dd>Its places stand at equal distances, whatever the values.</dd></dl>";

static void print_foot(const struct page *page, const char *source)
{
    struct qsc_text *out = page->out;
    qsc_text_add(out, "%s", how_to_read);
    qsc_text_add(out, "<h2>Where this comes from</h2>\n<pre>");
    size_t i;
    json_t *session;
    json_array_foreach(page->panels.table->sessions, i, session)
    {
        qsc_text_add_escaped(out, text_of(session, "started"));
        qsc_text_add(out, "  ");
        print_command(out, session);
        qsc_text_add(out, "\n");
    }
    qsc_text_add(out, "</pre>\n<p>Runs: <code>");
    qsc_text_add_escaped(out, source);
    qsc_text_add(out, "</code>. Program (SHA-256): <code>");
    qsc_text_add_escaped(out, text_of(page->session, "binary_sha256"));
    qsc_text_add(out, "</code>. Machine (SHA-256 of what follows): <code>");
    qsc_text_add_escaped(out, text_of(page->session, "env_sha256"));
    double own = json_number_value(json_object_get(page->session, "own_cost_ns"));
    qsc_text_add(
        out, "</code>. The loop that measures takes %.1f ns a pass with no lock and empty sections.</p>\n",
        own);
    qsc_text_add(out, "<details><summary>the machine, and the claims that it supports</summary><pre>");
    char *env = json_dumps(page->env, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
    qsc_text_add_escaped(out, env ? env : "");
    free(env); /* jansson's */
    qsc_text_add(out, "</pre></details>\n</body></html>\n");
}

int lab_report_html(FILE *out, const struct lab_table *table, const struct lab_view *view)
{
    struct qsc_text text = {0};
    struct page page = {.out = &text, .session = json_array_get(table->sessions, 0)};
    page.env = json_object_get(page.session, "env");
    int error = lab_panels_init(&page.panels, table, view->x,
                                (unsigned)json_integer_value(json_object_get(page.env, "processors")));
    if (error)
        return error;
    print_head(&page);
    print_warnings(&page);
    error = lab_panels_print(&page.panels, &text);
    print_foot(&page, view->source);
    error = error ? error : text.code;
    if (error == 0)
        fwrite(text.text, 1, text.length, out);
    qsc_text_fini(&text);
    lab_panels_fini(&page.panels);
    return error;
}
