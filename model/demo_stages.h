/* Internal to the demo: its stages, and what they hand on to each other. */
#ifndef QUIESCE_MODEL_DEMO_STAGES_H
#define QUIESCE_MODEL_DEMO_STAGES_H

#include <quiesce/concurrency/pool.h>
#include <quiesce/model/demo.h>

enum { QSC_DEMO_SOURCES = 8 /* versions of the training that the serving load is made of */ };

struct qsc_demo {
    const struct qsc_demo_config *config;
    const struct qsc_demo_hooks *hooks;
    struct qsc_demo_results *results;

    struct qsc_corpus parts[QSC_NEWS_PARTS];
    struct qsc_corpus questions; /* some sentences of the test part; its arrays point into that part */
    struct qsc_model model;
    qsc_tokenizer *tokenizer;
    struct qsc_bert_layout layout;
    qsc_bert_plan *plan;
    qsc_pool *pool;

    float *sources[QSC_DEMO_SOURCES]; /* the parameters of the versions published last */
    uint64_t captured;                /* how many were ever stored there, round and round */
};

/* Each returns 0 or an errno code with a line in err; what they made is ended by qsc_demo_fini. */
int qsc_demo_make_corpus(struct qsc_demo *demo, struct qsc_error *err) __attribute__((warn_unused_result));
int qsc_demo_make_model(struct qsc_demo *demo, struct qsc_error *err) __attribute__((warn_unused_result));
int qsc_demo_train(struct qsc_demo *demo, struct qsc_error *err) __attribute__((warn_unused_result));
int qsc_demo_serve(struct qsc_demo *demo, struct qsc_error *err) __attribute__((warn_unused_result));
int qsc_demo_evaluate(struct qsc_demo *demo, struct qsc_error *err) __attribute__((warn_unused_result));

/* The path of a file of the demo's directory, qsc_alloc'ed; NULL when memory is short. */
char *qsc_demo_path(const struct qsc_demo *demo, const char *name);
/* Writes a file of the demo's directory. */
int qsc_demo_save(const struct qsc_demo *demo, const char *name, const char *bytes, size_t length,
                  struct qsc_error *err) __attribute__((warn_unused_result));

void qsc_demo_progress(const struct qsc_demo *demo, enum qsc_demo_stage stage, uint64_t done, uint64_t total,
                       const char *note);

/* The two files that show the results: metrics.json (demo_metrics.c) and report.html (report_html.h). */
int qsc_demo_save_metrics(const struct qsc_demo *demo, struct qsc_error *err)
    __attribute__((warn_unused_result));

#endif
