/* A model directory made ready to answer. */
#ifndef QUIESCE_TOOLS_LOADED_H
#define QUIESCE_TOOLS_LOADED_H

#include <quiesce/model/bert.h>
#include <quiesce/model/checkpoint.h>
#include <quiesce/model/error.h>
#include <quiesce/model/tokenizer.h>

/* All-zero bytes are valid and own nothing. */
struct qsc_loaded {
    struct qsc_model model; /* without its plain parameters: the weights have a copy */
    struct qsc_bert_layout layout;
    qsc_tokenizer *tokenizer;
    qsc_bert_plan *plan;
    qsc_bert_weights *weights; /* for inference */
};

/*
 * Loads the directory, its products in that precision. Returns 0, or the code of what failed, *err says what:
 * *loaded then owns nothing. Blocks on the files.
 */
int qsc_loaded_init(struct qsc_loaded *loaded, const char *directory, enum qsc_precision precision,
                    struct qsc_error *err) __attribute__((warn_unused_result));

void qsc_loaded_fini(struct qsc_loaded *loaded);

#endif
