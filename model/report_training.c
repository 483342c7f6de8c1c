/* The pictures of the training. */
#include "report_pictures.h"

#include "svg.h"

#include <errno.h>
#include <math.h>
#include <quiesce/concurrency/alloc.h>

enum { WIDTH = 900, HEIGHT = 230, LEFT = 64, TOP = 56, RIGHT = 16, BINS = 120 };

struct series {
    double x[BINS], y[BINS];
    size_t count;
};

static void add(struct series *series, double x, double y)
{
    series->x[series->count] = x;
    series->y[series->count++] = y;
}

static double last_step(const struct qsc_demo_results *results)
{
    return results->step_count ? (double)results->steps[results->step_count - 1].step : 1;
}

int qsc_picture_training_latency(struct qsc_text *out, const struct qsc_demo_results *results)
{
    const struct qsc_live_results *live = &results->live;
    uint64_t begin = results->training_begin_ns;
    double seconds = (double)(results->training_end_ns - begin) / 1e9;
    struct qsc_histogram *bins = qsc_alloc_zeroed(BINS, sizeof *bins);
    double *published = qsc_alloc((results->publication_count + 1) * sizeof *published);
    if (!bins || !published) {
        qsc_free(bins);
        qsc_free(published);
        return ENOMEM;
    }
    for (size_t i = 0; i < live->request_count; i++) {
        const struct qsc_live_request *request = &live->requests[i];
        if (request->begin_ns >= begin && request->begin_ns < results->training_end_ns)
            qsc_histogram_add(
                &bins[(size_t)((double)(request->begin_ns - begin) / 1e9 / seconds * BINS) % BINS],
                request->end_ns - request->begin_ns);
    }
    for (size_t i = 0; i < results->publication_count; i++)
        published[i] = (double)(results->publications[i].ns - begin) / 1e9;
    struct series half = {.count = 0}, worst = {.count = 0};
    for (int i = 0; i < BINS; i++) {
        if (!bins[i].count)
            continue;
        double middle = (i + 0.5) / BINS * seconds;
        add(&half, middle, (double)qsc_histogram_quantile(&bins[i], 0.5) / 1e6);
        add(&worst, middle, (double)qsc_histogram_quantile(&bins[i], 0.99) / 1e6);
    }
    qsc_free(bins);
    struct qsc_svg_plot plot = {out,
                                LEFT,
                                TOP,
                                WIDTH - LEFT - RIGHT,
                                HEIGHT,
                                {0, seconds, false, "seconds"},
                                {0.1, 100, true, "milliseconds"}};
    qsc_svg_begin(out, WIDTH, TOP + HEIGHT + 40, "Latency of the readers while the model is trained");
    double x = qsc_svg_legend(out, "s0", false, LEFT, 18, "half of the answers are faster");
    x = qsc_svg_legend(out, "s1", false, x, 18, "99 of 100 are");
    qsc_svg_legend(out, "mark", false, x, 18, "a version is published");
    qsc_svg_frame(&plot);
    qsc_svg_marks(&plot, "mark", published, results->publication_count, 0.07);
    qsc_svg_line(&plot, "s1", worst.x, worst.y, worst.count);
    qsc_svg_line(&plot, "s0", half.x, half.y, half.count);
    qsc_svg_end(out);
    qsc_free(published);
    return 0;
}

/* The mean of each of about BINS runs of steps. */
static struct series smooth_loss(const struct qsc_demo_results *results)
{
    struct series smooth = {.count = 0};
    size_t run = results->step_count / BINS + 1;
    for (size_t first = 0; first < results->step_count; first += run) {
        double sum = 0;
        size_t end = first + run < results->step_count ? first + run : results->step_count;
        for (size_t i = first; i < end; i++)
            sum += results->steps[i].loss;
        add(&smooth, (double)results->steps[first].step + (double)(end - first) / 2,
            sum / (double)(end - first));
    }
    return smooth;
}

int qsc_picture_loss(struct qsc_text *out, const struct qsc_demo_results *results)
{
    size_t count = results->step_count;
    double *step = qsc_alloc((count + 1) * sizeof *step), *loss = qsc_alloc((count + 1) * sizeof *loss);
    if (!step || !loss) {
        qsc_free(step);
        qsc_free(loss);
        return ENOMEM;
    }
    double low = 1, high = 1;
    for (size_t i = 0; i < count; i++) {
        step[i] = (double)results->steps[i].step;
        loss[i] = results->steps[i].loss;
        low = loss[i] > 1e-4 ? fmin(low, loss[i]) : low;
        high = fmax(high, loss[i]);
    }
    struct qsc_svg_plot plot = {out,
                                LEFT,
                                TOP,
                                WIDTH - LEFT - RIGHT,
                                HEIGHT,
                                {0, last_step(results), false, "step"},
                                {low, high, true, "cross-entropy"}};
    struct series smooth = smooth_loss(results);
    qsc_svg_begin(out, WIDTH, TOP + HEIGHT + 40, "Loss by step");
    double x = qsc_svg_legend(out, "thin s0", false, LEFT, 18, "each step");
    qsc_svg_legend(out, "s0", false, x, 18, "mean of some steps");
    qsc_svg_frame(&plot);
    qsc_svg_line(&plot, "thin s0", step, loss, count);
    qsc_svg_line(&plot, "s0", smooth.x, smooth.y, smooth.count);
    qsc_svg_end(out);
    qsc_free(step);
    qsc_free(loss);
    return 0;
}

/* The share of words that the readers' answers had right, by the step of the version that answered. */
static struct series answers_right(const struct qsc_demo_results *results)
{
    double words[BINS] = {0}, right[BINS] = {0};
    for (size_t i = 0; i < results->live.request_count; i++) {
        const struct qsc_live_request *request = &results->live.requests[i];
        if (request->version == 0 || request->version > results->publication_count)
            continue;
        double step = (double)results->publications[request->version - 1].step;
        int bin = (int)(step / last_step(results) * (BINS - 1));
        words[bin] += request->words;
        right[bin] += request->right;
    }
    struct series series = {.count = 0};
    for (int i = 0; i < BINS; i++) {
        if (words[i] > 0)
            add(&series, (double)i / (BINS - 1) * last_step(results), right[i] / words[i]);
    }
    return series;
}

int qsc_picture_f1(struct qsc_text *out, const struct qsc_demo_results *results)
{
    size_t count = results->evaluation_count;
    double *step = qsc_alloc((count + 1) * sizeof *step), *f1 = qsc_alloc((count + 1) * sizeof *f1);
    if (!step || !f1) {
        qsc_free(step);
        qsc_free(f1);
        return ENOMEM;
    }
    for (size_t i = 0; i < count; i++) {
        step[i] = (double)results->evaluations[i].step;
        f1[i] = results->evaluations[i].entities.f1;
    }
    struct qsc_svg_plot plot = {out,
                                LEFT,
                                TOP,
                                WIDTH - LEFT - RIGHT,
                                HEIGHT,
                                {0, last_step(results), false, "step"},
                                {0, 1, false, NULL}};
    struct series right = answers_right(results);
    qsc_svg_begin(out, WIDTH, TOP + HEIGHT + 40, "F1 on the validation part, and what the readers saw of it");
    double x = qsc_svg_legend(out, "s0", false, LEFT, 18, "entity F1 on the validation part");
    qsc_svg_legend(out, "s1", false, x, 18, "share of words that the readers' answers had right, by version");
    qsc_svg_frame(&plot);
    qsc_svg_line(&plot, "s1", right.x, right.y, right.count);
    qsc_svg_line(&plot, "s0", step, f1, count);
    qsc_svg_dots(&plot, "big s0", step, f1, count);
    qsc_svg_end(out);
    qsc_free(step);
    qsc_free(f1);
    return 0;
}
