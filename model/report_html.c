#include "report_html.h"

#include "report_pictures.h"
#include "svg.h"
#include "text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char page_style[] =
    "*{box-sizing:border-box}html{background:var(--paper);color:var(--ink)}body{margin:0 "
    "auto;max-width:60rem;padding:2rem 1.25rem 4rem;font:16px/1.55 system-ui,-apple-system,'Segoe "
    "UI',Roboto,sans-serif}h1{font-size:1.7rem;margin:0}h2{font-size:1.2rem;margin:2.6rem 0 "
    ".5rem}p{margin:.5rem 0;max-width:46rem}.muted,figcaption,th{color:var(--muted)}figure{margin:1rem "
    "0}figcaption{font-size:.9rem;max-width:46rem}svg{width:100%;height:auto;display:block}.cards{display:"
    "grid;grid-template-columns:repeat(auto-fit,minmax(15rem,1fr));gap:.75rem;margin:1.25rem "
    "0}.card{border:1px solid var(--grid);border-radius:.6rem;padding:.8rem .9rem}.card "
    "b{display:block;font-size:1.6rem;line-height:1.2;font-variant-numeric:tabular-nums}.card "
    "span{font-size:.85rem;color:var(--muted)}.wide{overflow-x:auto}table{border-collapse:collapse;width:100%"
    ";font-variant-numeric:tabular-nums;font-size:.92rem}th,td{text-align:right;padding:.35rem "
    ".45rem;border-bottom:1px solid "
    "var(--grid);vertical-align:bottom}td{white-space:nowrap}th:first-child,td:first-child{text-align:left}"
    "th{font-weight:500}pre{overflow-x:auto;font-size:.85rem;line-height:1.35;border:1px "
    "solid var(--grid);border-radius:.6rem;padding:.8rem "
    "1rem}dt{font-weight:600;margin-top:.5rem}dd{margin:0 0 0 1.2rem;max-width:46rem}";

__attribute__((format(printf, 3, 4))) static void card(struct qsc_text *out, const char *explanation,
                                                       const char *format, ...)
{
    char value[64];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(value, sizeof value, format, arguments);
    va_end(arguments);
    qsc_text_add(out, "<div class=\"card\"><b>%s</b><span>%s</span></div>\n", value, explanation);
}

static void summary(struct qsc_text *out, const struct qsc_demo_results *r)
{
    const struct qsc_serving_figures *snapshot = &r->serving.guards[QSC_GUARD_SNAPSHOT];
    uint64_t versions, bytes;
    qsc_demo_live_max(r, &versions, &bytes);
    qsc_text_add(out, "<h1>quiesce demo</h1>\n<p class=\"muted\">seed %" PRIu64 ", ", r->config.seed);
    qsc_text_add_escaped(out, r->processor);
    qsc_text_add(out, ", %d processor%s, %.0f s</p>\n<div class=\"cards\">\n", r->processors,
                 r->processors == 1 ? "" : "s", r->seconds);
    card(out, "entity F1 on test sentences, most of whose names were never seen", "%.3f", r->entities.f1);
    card(out, "versions published while readers asked on", "%" PRIu64, r->snapshot.published);
    card(out, "answers that mixed two versions, of those checked bit for bit", "%" PRIu64,
         qsc_demo_mixed_answers(r));
    card(out, "longest that a request waited for its weights because of a publish", "%.1f µs",
         snapshot->publish_stall_us);
    card(out, "p99 within a swap window, by p99 outside", "%.2f",
         snapshot->p99_quiet_us > 0 ? snapshot->p99_swap_us / snapshot->p99_quiet_us : 0);
    card(out, "most versions alive at once", "%" PRIu64 " of %" PRIu32, versions,
         r->config.bounds.max_live_versions);
    qsc_text_add(out, "</div>\n");
}

static void guard_row(struct qsc_text *out, const char *name, const struct qsc_serving_figures *f)
{
    qsc_text_add(out,
                 "<tr><td>%s</td><td>%.0f</td><td>%.0f</td><td>%.0f</td><td>%.0f</td><td>%.0f</td><td>%.0f</"
                 "td><td>%.0f</td><td>%.1f</td><td>%.1f</td><td>%" PRIu64 "</td></tr>\n",
                 name, f->requests_per_s, f->p50_us, f->p99_us, f->p999_us, f->max_us, f->p99_swap_us,
                 f->p99_quiet_us, f->publish_stall_us, f->publish_p50_us, f->mixed_answers);
}

static double percent(uint64_t part, uint64_t whole)
{
    return whole ? 100.0 * (double)part / (double)whole : 0;
}

static void guards(struct qsc_text *out, const struct qsc_demo_results *r)
{
    static const char *const names[] = {"snapshot: pin and unpin", "reader-writer lock", "mutex",
                                        "per-CPU reference counts"};
    const struct qsc_serving_results *s = &r->serving;
    qsc_text_add(
        out,
        "<h2>One load, four guards</h2>\n"
        "<p>%d reader%s answer%s questions without a pause while a new version is published every %.0f "
        "ms. What lets a reader keep its version for the time of a request is the only thing that "
        "differs. Times in microseconds.</p>\n"
        "<div class=\"wide\"><table>\n"
        "<tr><th>guard</th><th>requests/s</th><th>p50</th><th>p99</th><th>p99.9</th><th>max</th><th>p99 "
        "in swaps</th><th>p99 outside</th><th>longest stall</th><th>usual "
        "publish</th><th>mixed</th></tr>\n",
        s->readers, s->readers == 1 ? "" : "s", s->readers == 1 ? "s" : "", r->config.serving.interval_ms);
    for (int kind = 0; kind < QSC_GUARD_KINDS; kind++)
        guard_row(out, names[kind], &s->guards[kind]);
    const struct qsc_serving_figures *snapshot = &s->guards[QSC_GUARD_SNAPSHOT];
    qsc_text_add(out,
                 "</table></div>\n"
                 "<dl><dt>requests/s</dt><dd>with one reader to every processor: a mutex lets only one "
                 "of them work at a time.</dd>\n"
                 "<dt>p99 in swaps, outside</dt><dd>99 of 100 requests that begin in the %.0f ms after "
                 "a publish, and of those that begin at any other time except while a version is being "
                 "built, are at most so long. Requests from which the kernel took the processor are "
                 "told apart: with the snapshot %.2f %% in swaps, %.2f %% outside.</dd>\n",
                 r->config.serving.window_ms,
                 percent(snapshot->preempted_swap_requests, snapshot->swap_requests),
                 percent(snapshot->preempted_quiet_requests, snapshot->quiet_requests));
    qsc_text_add(out,
                 "<dt>longest stall</dt><dd>the longest that a request waited for its weights at a time "
                 "when a publish was under way or the replaced version not yet gone. Waits in which the "
                 "kernel took the processor away are told apart: %" PRIu64 " with the snapshot.</dd>\n",
                 snapshot->preempted_waits);
    qsc_text_add(out, "<dt>usual publish</dt><dd>how long the publisher itself is held up, in half of the "
                      "publishes at most: the snapshot waits for nobody, the reference counts for the "
                      "last old reader.</dd>\n"
                      "<dt>mixed</dt><dd>answers whose bits are not those that their version gave when "
                      "nothing else was running. Every answer of the load is checked.</dd></dl>\n");
}

static void serving(struct qsc_text *out, const struct qsc_demo_results *r)
{
    guards(out, r);
    qsc_text_add(out, "<figure>\n");
    qsc_picture_swaps(out, r);
    qsc_text_add(out, "<figcaption>A fifth of a second of the load under each guard. Each dot is a "
                      "request, as high as it was slow (long sentences take longer); each vertical line "
                      "a publish, with the swap window after it.</figcaption></figure>\n"
                      "<h2>Latency distributions</h2>\n"
                      "<figure>\n");
    qsc_picture_requests(out, r);
    qsc_text_add(out, "<figcaption>Whole requests. On the left the ordinary one, on the right one in ten "
                      "thousand.</figcaption></figure>\n"
                      "<figure>\n");
    qsc_picture_waits(out, r);
    qsc_text_add(out,
                 "<figcaption>The part of a request that the guard is to blame for: the wait until it holds "
                 "a version.</figcaption></figure>\n");
}

static int training(struct qsc_text *out, const struct qsc_demo_results *r)
{
    double seconds = (double)(r->training_end_ns - r->training_begin_ns) / 1e9;
    qsc_text_add(out,
                 "<h2>Trained while it answered</h2>\n<p>A BERT of %d layers, hidden size %d and %d "
                 "heads (%zu parameters) learns from random weights on %d thread%s for %.0f s. "
                 "Meanwhile %d readers tag sentences, each answer from the version that is current at "
                 "that moment: %" PRIu64 " answers from %" PRIu64 " versions. %" PRIu64
                 " of them were asked for again from the same version after a newer one had come; %" PRIu64
                 " came out different.</p>\n<figure>\n",
                 r->config.layers, r->config.hidden, r->config.heads, r->parameters, r->threads,
                 r->threads == 1 ? "" : "s", seconds, r->config.readers, r->live.answers, r->live.versions,
                 r->live.rechecked, r->live.mixed);
    int code = qsc_picture_training_latency(out, r);
    qsc_text_add(
        out, "<figcaption>Latency of those answers. Training and readers share the processors here, so this "
             "is mostly the time until the scheduler lets a reader run.</figcaption></figure>\n"
             "<figure>\n");
    code = code ? code : qsc_picture_loss(out, r);
    qsc_text_add(out, "<figcaption>Loss on the training part.</figcaption></figure>\n<figure>\n");
    code = code ? code : qsc_picture_f1(out, r);
    qsc_text_add(out,
                 "<figcaption>The same learning seen twice: by the evaluation after each epoch, and by the "
                 "readers, whose answers get better version by version.</figcaption></figure>\n");
    return code;
}

static void corpus(struct qsc_text *out, const struct qsc_demo_results *r)
{
    qsc_text_add(
        out, "<h2>What it learned from</h2>\n"
             "<p>Sentences made from the seed. A name may be a person, a town or a company: what it is shows "
             "in the words around it.</p>\n"
             "<div class=\"wide\"><table>\n"
             "<tr><th>part</th><th>sentences</th><th>words</th><th>names</th><th>PER</th><th>LOC</"
             "th><th>ORG</th><th>MISC</th><th>never "
             "in training</th><th>also name something else</th></tr>\n");
    for (int part = 0; part < QSC_NEWS_PARTS; part++) {
        const struct qsc_news_figures *f = &r->news[part];
        double mentions = f->mentions ? f->mentions : 1;
        qsc_text_add(out,
                     "<tr><td>%s</td><td>%d</td><td>%d</td><td>%d</td><td>%d</td><td>%d</td><td>%d</"
                     "td><td>%d</td><td>%.0f "
                     "%%</td><td>%.0f %%</td></tr>\n",
                     qsc_news_part_name((enum qsc_news_part)part), f->sentences, f->words, f->mentions,
                     f->names[QSC_NEWS_PER], f->names[QSC_NEWS_LOC], f->names[QSC_NEWS_ORG],
                     f->names[QSC_NEWS_MISC], 100 * f->unseen / mentions, 100 * f->ambiguous / mentions);
    }
    qsc_text_add(out, "</table></div>\n"
                      "<h2>What it can do</h2>\n"
                      "<p>The test sentences, entity by entity as seqeval counts them, and word by word as "
                      "scikit-learn does.</p>\n"
                      "<pre>");
    qsc_text_add_escaped(out, r->entity_report);
    qsc_text_add(out, "</pre>\n<pre>");
    qsc_text_add_escaped(out, r->token_report);
    qsc_text_add(out, "</pre>\n");
}

static int write_page(struct qsc_text *out, const struct qsc_demo_results *r)
{
    qsc_text_add(out,
                 "<!DOCTYPE html>\n"
                 "<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
                 "content=\"width=device-width,initial-scale=1\"><meta name=\"color-scheme\" "
                 "content=\"light dark\"><title>quiesce demo</title>\n"
                 "<style>%s%s</style></head><body>\n",
                 qsc_svg_style, page_style);
    summary(out, r);
    serving(out, r);
    int code = training(out, r);
    corpus(out, r);
    qsc_text_add(out, "</body></html>\n");
    return code ? code : out->code;
}

static void write_picture(struct qsc_text *out, const struct qsc_demo_results *r)
{
    struct qsc_text picture = {0};
    qsc_picture_swaps(&picture, r);
    const char *body = picture.text ? strchr(picture.text, '>') : NULL;
    if (picture.code || !body)
        out->code = ENOMEM;
    else
        qsc_text_add(out, "%.*s><style>%s</style>%s", (int)(body - picture.text), picture.text, qsc_svg_style,
                     body + 1);
    qsc_text_fini(&picture);
}

static int save(const struct qsc_demo *demo, struct qsc_text *text, const char *name, struct qsc_error *err)
{
    int code = text->code ? qsc_fail(err, ENOMEM, "out of memory for %s", name)
                          : qsc_demo_save(demo, name, text->text, text->length, err);
    qsc_text_fini(text);
    return code;
}

int qsc_report_html_save(const struct qsc_demo *demo, struct qsc_error *err)
{
    struct qsc_text page = {0}, picture = {0};
    int code = write_page(&page, demo->results);
    page.code = page.code ? page.code : code;
    code = save(demo, &page, "report.html", err);
    if (code)
        return code;
    write_picture(&picture, demo->results);
    return save(demo, &picture, "latency.svg", err);
}
