/* The demo, whole: a corpus from a seed, a BERT that learns it while readers ask it questions all the time,
 * and the same serving load under four guards. docs/demo.md explains what a run shows. */
#ifndef QUIESCE_MODEL_DEMO_H
#define QUIESCE_MODEL_DEMO_H

#include <quiesce/model/checkpoint.h>
#include <quiesce/model/conll.h>
#include <quiesce/model/error.h>
#include <quiesce/model/live.h>
#include <quiesce/model/news.h>
#include <quiesce/model/report.h>
#include <quiesce/model/serving.h>
#include <quiesce/model/trainer.h>

#ifdef __cplusplus
extern "C" {
#endif

/* qsc_demo_defaults gives what is in brackets: the demo of the command line. */
struct qsc_demo_config {
    uint64_t seed;                /* of everything [1] */
    const char *directory;        /* where the files go [quiesce-demo] */
    int threads;                  /* of the training; 0: one to each processor [0] */
    struct qsc_news_config news;  /* [3000, 500, 500 sentences] */
    int vocabulary;               /* pieces at most [2000] */
    int hidden, layers, heads;    /* of the model; the inner layers are 4 times as wide [128, 2, 4] */
    enum qsc_precision precision; /* of its products [f32] */
    struct qsc_trainer_config training;
    int readers;                       /* that ask during the training [2] */
    double reader_pause_ms;            /* of each of them after an answer [4] */
    struct qsc_snapshot_config bounds; /* of the versions alive [8 versions, 256 MiB] */
    int questions;                     /* of the serving load's cycle [64] */
    struct qsc_serving_config serving;
};

/* Sets the defaults. Does not block or fail. */
void qsc_demo_defaults(struct qsc_demo_config *config);

enum qsc_demo_stage {
    QSC_DEMO_CORPUS,     /* the corpus is written and read back, the vocabulary built */
    QSC_DEMO_TRAINING,   /* the model is trained, under the readers' questions */
    QSC_DEMO_SERVING,    /* the four guards are compared */
    QSC_DEMO_EVALUATION, /* the model has answered the test set and is saved */
    QSC_DEMO_STAGES
};

/* A version that the trainer published. */
struct qsc_demo_publication {
    uint64_t ns; /* CLOCK_MONOTONIC */
    uint64_t id, step;
};

struct qsc_demo_results {
    struct qsc_demo_config config;
    int processors, threads;
    char processor[128]; /* its name */

    struct qsc_news_figures news[QSC_NEWS_PARTS];
    int pieces;        /* of the vocabulary */
    size_t parameters; /* of the model */

    uint64_t training_begin_ns, training_end_ns; /* CLOCK_MONOTONIC */
    struct qsc_trainer_result training;
    struct qsc_trainer_step *steps; /* (step_count) */
    size_t step_count;
    struct qsc_trainer_evaluation *evaluations; /* (evaluation_count), on the validation part */
    size_t evaluation_count;
    struct qsc_demo_publication *publications; /* (publication_count) */
    size_t publication_count;
    uint64_t refused; /* versions the trainer offered when the bound was reached */
    struct qsc_snapshot_stats snapshot;
    struct qsc_live_results live;

    struct qsc_serving_results serving;

    struct qsc_scores entities; /* on the test part */
    double accuracy;            /* share of words with the right label there */
    char *entity_report, *token_report;
    double seconds; /* of the whole */
};

/* What the caller wants to see; a NULL is not called. On the thread that called qsc_demo_run. */
struct qsc_demo_hooks {
    void *context;
    void (*begin)(void *context, enum qsc_demo_stage stage, const struct qsc_demo_results *so_far);
    /* total 0: not known. `note` says what matters now, or is NULL. */
    void (*progress)(void *context, enum qsc_demo_stage stage, uint64_t done, uint64_t total,
                     const char *note);
    void (*end)(void *context, enum qsc_demo_stage stage, const struct qsc_demo_results *so_far);
};

/* Runs the demo and writes its files: corpus/{train,valid,test}.conll, model/ (a Hugging Face directory),
 * report.txt, report.html and metrics.json. Returns: 0; EINVAL (a configuration out of range), ENOTSUP (a
 * precision that is not for training: nothing is written then), ENOMEM, EAGAIN (no thread), or the errno code
 * of a file that could not be written: *results is then all zero. The model depends on the configuration
 * alone, not on threads or time. Blocks: for about a minute on two processors. Progress: blocking. Threads:
 * one. */
int qsc_demo_run(const struct qsc_demo_config *config, const struct qsc_demo_hooks *hooks,
                 struct qsc_demo_results *results, struct qsc_error *err) __attribute__((warn_unused_result));

/* Frees what the results own. */
void qsc_demo_results_fini(struct qsc_demo_results *results);

/* The sum over all answers of the demo that mixed versions; and the largest number of versions and bytes
 * alive at once in a snapshot. */
uint64_t qsc_demo_mixed_answers(const struct qsc_demo_results *results);
void qsc_demo_live_max(const struct qsc_demo_results *results, uint64_t *versions, uint64_t *bytes);

#ifdef __cplusplus
}
#endif

#endif
