/* metrics.json: every figure that the demo shows, under the name that docs/demo.md explains. */
#include "demo_stages.h"
#include "json.h"

#include <errno.h>
#include <quiesce/concurrency/alloc.h>

static json_t *histogram(const struct qsc_histogram *h)
{
    return json_pack("{s:I, s:f, s:f, s:f, s:f}", "count", (json_int_t)h->count, "p50_us",
                     (double)qsc_histogram_quantile(h, 0.5) / 1e3, "p99_us",
                     (double)qsc_histogram_quantile(h, 0.99) / 1e3, "p999_us",
                     (double)qsc_histogram_quantile(h, 0.999) / 1e3, "max_us", (double)h->max_ns / 1e3);
}

/* A container that should hold `size` elements by now; what could not be added for want of memory is not
 * there. */
static json_t *if_whole(json_t *container, size_t size)
{
    size_t held = json_is_array(container) ? json_array_size(container) : json_object_size(container);
    if (container && held == size)
        return container;
    json_decref(container);
    return NULL;
}

static json_t *guard(const struct qsc_serving_figures *f)
{
    const struct {
        const char *key;
        double value;
    } reals[] = {
        {"requests_per_s", f->requests_per_s},
        {"p50_us", f->p50_us},
        {"p99_us", f->p99_us},
        {"p999_us", f->p999_us},
        {"max_us", f->max_us},
        {"p99_swap_us", f->p99_swap_us},
        {"p99_quiet_us", f->p99_quiet_us},
        {"p99_build_us", f->p99_build_us},
        {"p99_swap_all_us", f->p99_swap_all_us},
        {"p99_quiet_all_us", f->p99_quiet_all_us},
        {"publish_stall_us", f->publish_stall_us},
        {"quiet_wait_us", f->quiet_wait_us},
        {"preempted_wait_us", f->preempted_wait_us},
        {"publish_p50_us", f->publish_p50_us},
        {"publish_max_us", f->publish_max_us},
        {"gone_p50_us", f->gone_p50_us},
        {"gone_max_us", f->gone_max_us},
    };
    const struct {
        const char *key;
        uint64_t value;
    } counts[] = {
        {"requests", f->requests},
        {"swap_requests", f->swap_requests},
        {"quiet_requests", f->quiet_requests},
        {"preempted_swap_requests", f->preempted_swap_requests},
        {"preempted_quiet_requests", f->preempted_quiet_requests},
        {"preempted_waits", f->preempted_waits},
        {"unrecorded", f->unrecorded},
        {"answers", f->answers},
        {"mixed_answers", f->mixed_answers},
        {"versions", f->versions},
        {"refused", f->refused},
        {"live_versions_max", f->live_versions_max},
        {"live_bytes_max", f->live_bytes_max},
    };
    enum { REALS = sizeof reals / sizeof *reals, COUNTS = sizeof counts / sizeof *counts };
    json_t *object = json_object();
    for (size_t i = 0; i < REALS; i++)
        json_object_set_new(object, reals[i].key, json_real(reals[i].value));
    for (size_t i = 0; i < COUNTS; i++)
        json_object_set_new(object, counts[i].key, json_integer((json_int_t)counts[i].value));
    json_object_set_new(object, "wait", histogram(&f->wait));
    return if_whole(object, REALS + COUNTS + 1);
}

static json_t *guards(const struct qsc_serving_results *serving)
{
    json_t *object = json_object();
    for (int kind = 0; kind < QSC_GUARD_KINDS; kind++)
        json_object_set_new(object, qsc_guard_name((enum qsc_guard_kind)kind), guard(&serving->guards[kind]));
    return if_whole(object, QSC_GUARD_KINDS);
}

static json_t *corpus_part(const struct qsc_news_figures *f)
{
    return json_pack("{s:i, s:i, s:i, s:{s:i, s:i, s:i, s:i}, s:i, s:f, s:i, s:f}", "sentences", f->sentences,
                     "words", f->words, "names", f->mentions, "by_type", "PER", f->names[QSC_NEWS_PER], "LOC",
                     f->names[QSC_NEWS_LOC], "ORG", f->names[QSC_NEWS_ORG], "MISC", f->names[QSC_NEWS_MISC],
                     "unseen", f->unseen, "unseen_share", f->mentions ? (double)f->unseen / f->mentions : 0.0,
                     "ambiguous", f->ambiguous, "ambiguous_share",
                     f->mentions ? (double)f->ambiguous / f->mentions : 0.0);
}

static json_t *corpus(const struct qsc_demo_results *r)
{
    return json_pack("{s:o, s:o, s:o}", "train", corpus_part(&r->news[QSC_NEWS_TRAIN]), "valid",
                     corpus_part(&r->news[QSC_NEWS_VALID]), "test", corpus_part(&r->news[QSC_NEWS_TEST]));
}

static json_t *evaluations(const struct qsc_demo_results *r)
{
    json_t *list = json_array();
    for (size_t i = 0; i < r->evaluation_count; i++) {
        const struct qsc_trainer_evaluation *e = &r->evaluations[i];
        json_array_append_new(list, json_pack("{s:I, s:f, s:f, s:f}", "step", (json_int_t)e->step, "epoch",
                                              e->epoch, "f1", e->entities.f1, "accuracy", e->accuracy));
    }
    return if_whole(list, r->evaluation_count);
}

static json_t *training(const struct qsc_demo_results *r)
{
    double seconds = (double)(r->training_end_ns - r->training_begin_ns) / 1e9;
    size_t tokens = 0;
    for (size_t i = 0; i < r->step_count; i++)
        tokens += r->steps[i].tokens;
    return json_pack("{s:I, s:i, s:f, s:f, s:I, s:f, s:f, s:o}", "steps", (json_int_t)r->training.steps,
                     "threads", r->threads, "seconds", seconds, "tokens_per_s",
                     seconds > 0 ? (double)tokens / seconds : 0.0, "best_step",
                     (json_int_t)r->training.best_step, "best_valid_f1", r->training.best_f1, "last_loss",
                     r->step_count ? r->steps[r->step_count - 1].loss : 0.0, "evaluations", evaluations(r));
}

static json_t *live(const struct qsc_demo_results *r)
{
    const struct qsc_live_results *l = &r->live;
    return json_pack("{s:i, s:I, s:I, s:I, s:I, s:I, s:o, s:o}", "readers", r->config.readers, "answers",
                     (json_int_t)l->answers, "rechecked", (json_int_t)l->rechecked, "mixed_answers",
                     (json_int_t)l->mixed, "versions_that_answered", (json_int_t)l->versions, "refused",
                     (json_int_t)r->refused, "latency", histogram(&l->latency), "wait", histogram(&l->wait));
}

static json_t *all(const struct qsc_demo_results *r)
{
    uint64_t versions, bytes;
    qsc_demo_live_max(r, &versions, &bytes);
    return json_pack(
        "{s:I, s:f, s:{s:f, s:f, s:I}, s:f, s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:{s:s, s:i, s:b, s:i}, s:o,"
        " s:{s:i, s:I, s:i, s:i, s:i}, s:o, s:o, s:{s:f, s:f, s:f, s:f}, s:o}",
        "seed", (json_int_t)r->config.seed, "f1", r->entities.f1, "entities", "precision",
        r->entities.precision, "recall", r->entities.recall, "support", (json_int_t)r->entities.support,
        "accuracy", r->accuracy, "versions_published", (json_int_t)r->snapshot.published, "mixed_answers",
        (json_int_t)qsc_demo_mixed_answers(r), "live_versions_max", (json_int_t)versions,
        "live_versions_bound", (json_int_t)r->config.bounds.max_live_versions, "live_bytes_max",
        (json_int_t)bytes, "live_bytes_bound", (json_int_t)r->config.bounds.max_live_bytes, "seconds",
        r->seconds, "machine", "processor", r->processor, "processors", r->processors, "pinned",
        r->serving.pinned, "serving_readers", r->serving.readers, "corpus", corpus(r), "model", "pieces",
        r->pieces, "parameters", (json_int_t)r->parameters, "hidden", r->config.hidden, "layers",
        r->config.layers, "heads", r->config.heads, "training", training(r), "live", live(r), "snapshot",
        "publish_mean_us", (double)r->snapshot.publish.mean_ns / 1e3, "publish_max_us",
        (double)r->snapshot.publish.max_ns / 1e3, "grace_period_mean_us",
        (double)r->snapshot.grace_period.mean_ns / 1e3, "grace_period_max_us",
        (double)r->snapshot.grace_period.max_ns / 1e3, "guards", guards(&r->serving));
}

int qsc_demo_save_metrics(const struct qsc_demo *demo, struct qsc_error *err)
{
    char *path = qsc_demo_path(demo, "metrics.json");
    json_t *root = path ? all(demo->results) : NULL;
    int code = root ? qsc_json_save(root, path, JSON_INDENT(2) | JSON_REAL_PRECISION(7), err)
                    : qsc_fail(err, ENOMEM, "out of memory for metrics.json");
    json_decref(root);
    qsc_free(path);
    return code;
}
