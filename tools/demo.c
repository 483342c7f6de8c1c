/* quiesce demo: what model/demo.h does, told to the person at the terminal. */
#include "commands.h"
#include "options.h"
#include "precision_option.h"
#include "progress.h"

#include <inttypes.h>
#include <quiesce/model/demo.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct screen {
    struct qsc_progress progress;
    bool started;
    const char *bold, *dim, *plain;
};

static void heading(const struct screen *screen, int number, const char *text)
{
    printf("\n%s%d  %s%s\n", screen->bold, number, text, screen->plain);
}

static void begin(void *context, enum qsc_demo_stage stage, const struct qsc_demo_results *so_far)
{
    struct screen *screen = context;
    switch (stage) {
    case QSC_DEMO_CORPUS:
        heading(screen, 1, "A corpus of news, made from the seed, and a vocabulary for it");
        break;
    case QSC_DEMO_TRAINING:
        heading(screen, 2, "Training, while readers ask the model questions all the time");
        printf("   BERT with %d layers, hidden size %d, %d heads: %zu parameters, from random weights, "
               "on %d thread%s.\n"
               "   %d readers tag sentences meanwhile, each answer from the version that is current; a "
               "new version\n"
               "   is published every %d steps.\n",
               so_far->config.layers, so_far->config.hidden, so_far->config.heads, so_far->parameters,
               so_far->threads, so_far->threads == 1 ? "" : "s", so_far->config.readers,
               so_far->config.training.publish_every);
        break;
    case QSC_DEMO_SERVING:
        heading(screen, 3, "The same serving load, its weights guarded in four ways");
        break;
    case QSC_DEMO_EVALUATION:
        heading(screen, 4, "What the model has learned: the test sentences, never seen before");
        break;
    case QSC_DEMO_STAGES:
        break;
    }
    fflush(stdout);
}

static void progress(void *context, enum qsc_demo_stage stage, uint64_t done, uint64_t total,
                     const char *note)
{
    struct screen *screen = context;
    if (!screen->started)
        qsc_progress_begin(&screen->progress, stderr,
                           stage == QSC_DEMO_TRAINING ? "   training" : "   serving", total);
    screen->started = true;
    if (done < total)
        qsc_progress_update(&screen->progress, done, note);
    else
        qsc_progress_end(&screen->progress, done, note);
    if (done == total)
        screen->started = false;
}

static void show_corpus(const struct qsc_demo_results *results)
{
    puts("            sentences    words    names   never in training");
    for (int part = 0; part < QSC_NEWS_PARTS; part++) {
        const struct qsc_news_figures *f = &results->news[part];
        printf("   %-8s %9d %8d %8d", qsc_news_part_name((enum qsc_news_part)part), f->sentences, f->words,
               f->mentions);
        if (part == QSC_NEWS_TRAIN || f->mentions == 0)
            puts("                   -");
        else
            printf("   %15.0f %%\n", 100.0 * f->unseen / f->mentions);
    }
    const struct qsc_news_figures *train = &results->news[QSC_NEWS_TRAIN];
    printf("   %.0f %% of the training names also name something else: only the context tells a person "
           "from a town.\n"
           "   The vocabulary has %d pieces.\n",
           train->mentions ? 100.0 * train->ambiguous / train->mentions : 0.0, results->pieces);
}

static void show_training(const struct qsc_demo_results *results)
{
    puts("      step    epoch   F1 on the validation part");
    for (size_t i = 0; i < results->evaluation_count; i++)
        printf("   %7" PRIu64 " %8.2f   %.4f\n", results->evaluations[i].step, results->evaluations[i].epoch,
               results->evaluations[i].entities.f1);
    const struct qsc_live_results *live = &results->live;
    double seconds = (double)(results->training_end_ns - results->training_begin_ns) / 1e9;
    printf("   %" PRIu64 " versions published in %.1f s, at most %" PRIu64
           " alive at once (%.1f MB; bounds %" PRIu32 ", %.0f MB).\n   %" PRIu64 " answers from %" PRIu64
           " different versions while they came and went; %" PRIu64
           " asked again\n   from their own version later: %" PRIu64 " came out different.\n",
           results->snapshot.published, seconds, results->snapshot.live_versions_max,
           (double)results->snapshot.live_bytes_max / 1e6, results->config.bounds.max_live_versions,
           (double)results->config.bounds.max_live_bytes / 1e6, live->answers, live->versions,
           live->rechecked, live->mixed);
}

static double percent(uint64_t part, uint64_t whole)
{
    return whole ? 100.0 * (double)part / (double)whole : 0;
}

static void show_serving(const struct screen *screen, const struct qsc_demo_results *results)
{
    const struct qsc_serving_results *serving = &results->serving;
    printf("   %d reader%s and the publisher%s; a swap every %.0f ms; every answer checked against its "
           "version.\n"
           "\n",
           serving->readers, serving->readers == 1 ? "" : "s",
           serving->processors > 1 ? ", each on a processor of its own" : " on one processor",
           results->config.serving.interval_ms);
    printf("   %s            requests/s      p50      p99    p99.9      max   p99 swap  p99 quiet    "
           "stall  mixed%s\n",
           screen->bold, screen->plain);
    for (int kind = 0; kind < QSC_GUARD_KINDS; kind++) {
        const struct qsc_serving_figures *f = &serving->guards[kind];
        printf("   %-10s %12.0f %8.0f %8.0f %8.0f %8.0f %10.0f %10.0f %8.1f %6" PRIu64 "\n",
               qsc_guard_name((enum qsc_guard_kind)kind), f->requests_per_s, f->p50_us, f->p99_us, f->p999_us,
               f->max_us, f->p99_swap_us, f->p99_quiet_us, f->publish_stall_us, f->mixed_answers);
    }
    const struct qsc_serving_figures *snapshot = &serving->guards[QSC_GUARD_SNAPSHOT];
    printf("   %smicroseconds. Requests/s: one reader to every processor. Swap, quiet: in the %.0f ms "
           "after a publish, and\n"
           "   outside, without the requests from which the kernel took the processor (snapshot: %.2f "
           "%% and %.2f %%).\n"
           "   Stall: the longest that a request waited for its weights because of a publish.%s\n",
           screen->dim, results->config.serving.window_ms,
           percent(snapshot->preempted_swap_requests, snapshot->swap_requests),
           percent(snapshot->preempted_quiet_requests, snapshot->quiet_requests), screen->plain);
}

static void end(void *context, enum qsc_demo_stage stage, const struct qsc_demo_results *so_far)
{
    struct screen *screen = context;
    switch (stage) {
    case QSC_DEMO_CORPUS:
        show_corpus(so_far);
        break;
    case QSC_DEMO_TRAINING:
        show_training(so_far);
        break;
    case QSC_DEMO_SERVING:
        show_serving(screen, so_far);
        break;
    case QSC_DEMO_EVALUATION:
        printf("   %sEntity level, as seqeval prints it%s\n"
               "\n"
               "%s\n"
               "   %sToken level with O, as scikit-learn prints it%s\n"
               "\n"
               "%s",
               screen->dim, screen->plain, so_far->entity_report, screen->dim, screen->plain,
               so_far->token_report);
        break;
    case QSC_DEMO_STAGES:
        break;
    }
    fflush(stdout);
}

static void show_verdict(const struct screen *screen, const struct qsc_demo_results *results)
{
    const struct qsc_serving_figures *snapshot = &results->serving.guards[QSC_GUARD_SNAPSHOT];
    printf("\n%sIn short%s: %" PRIu64 " versions were swapped in under %" PRIu64 " answers; %" PRIu64
           " mixed two versions.\n"
           "Because of a publish no request waited longer than %.1f us for its weights; p99 in a swap "
           "window was\n"
           "%.2f times p99 outside. Entity F1 on the test part is %.3f. It took %.0f s.\n"
           "\n",
           screen->bold, screen->plain, results->snapshot.published + snapshot->versions,
           results->live.answers + snapshot->answers, qsc_demo_mixed_answers(results),
           snapshot->publish_stall_us,
           snapshot->p99_quiet_us > 0 ? snapshot->p99_swap_us / snapshot->p99_quiet_us : 0,
           results->entities.f1, results->seconds);
    const char *directory = results->config.directory;
    printf("%s/report.html    the pictures: open it in a browser\n"
           "%s/metrics.json   every figure\n"
           "%s/model          the model, for `quiesce tag --model %s/model` or transformers\n"
           "%s/corpus         the sentences\n",
           directory, directory, directory, directory, directory);
}

static int run(int argc, char **argv)
{
    struct qsc_demo_config config;
    qsc_demo_defaults(&config);
    int precision = (int)config.precision;
    const struct qsc_option options[] = {
        {.name = "seed",
         .kind = QSC_OPTION_U64,
         .target = &config.seed,
         .value = "N",
         .help = "of the corpus, the weights, everything"},
        {.name = "out",
         .kind = QSC_OPTION_TEXT,
         .target = &config.directory,
         .value = "DIR",
         .help = "where the files go"},
        QSC_OPTION_PRECISION(&precision),
        {0},
    };
    int status;
    if (!qsc_options_parse(&qsc_demo_command, options, argc, argv, &status))
        return status;
    config.precision = (enum qsc_precision)precision;
    bool colours = isatty(STDOUT_FILENO);
    struct screen screen = {
        .bold = colours ? "\033[1m" : "", .dim = colours ? "\033[2m" : "", .plain = colours ? "\033[0m" : ""};
    const struct qsc_demo_hooks hooks = {&screen, begin, progress, end};
    struct qsc_demo_results results;
    struct qsc_error error = {""};
    printf("%squiesce demo%s, seed %" PRIu64 ", files in %s\n", screen.bold, screen.plain, config.seed,
           config.directory);
    int code = qsc_demo_run(&config, &hooks, &results, &error);
    if (code) {
        if (screen.started)
            qsc_progress_hide(&screen.progress);
        qsc_complain("demo: %s", error.text);
        return QSC_EXIT_FAILURE;
    }
    show_verdict(&screen, &results);
    qsc_demo_results_fini(&results);
    return QSC_EXIT_OK;
}

const struct qsc_command qsc_demo_command = {
    .name = "demo",
    .usage = "[OPTIONS]",
    .summary = "See it all in a minute: train a tagger, swap its weights under load, compare four guards",
    .details = "Generates a corpus of news from a seed, trains a small BERT on it while readers ask it "
               "questions, then\n"
               "repeats one serving load with the weights guarded by the snapshot, a reader-writer "
               "lock, a mutex and\n"
               "per-CPU reference counts. Writes report.html, metrics.json, the model and the corpus.",
    .run = run,
};
