#include "bert_fixture.h"
#include "support.h"

#include <quiesce/model/live.h>
#include <quiesce/model/vocabulary.h>
#include <time.h>

/* A small BERT, sentences for it, and readers that ask. */
struct scene {
    struct qsc_corpus corpus;
    char *vocab;
    size_t vocab_bytes;
    qsc_tokenizer *tokenizer;
    struct qsc_bert_config config;
    struct qsc_bert_layout layout;
    qsc_bert_plan *plan;
    qsc_snapshot cell;
    int32_t *gold;
};

static struct scene scene;
static struct qsc_error error;
static struct qsc_live_results results;

static const char sentences[] = "Anna B-PER\nRilke I-PER\nsang O\nin O\nPrague B-LOC\n\nRain O\nfell O\n\n"
                                "Acme B-ORG\nbought O\nOrbit B-ORG\nof O\nLima B-LOC\n";

static void set_scene(void)
{
    scene = (struct scene){.vocab = NULL};
    cr_assert_eq(qsc_conll_parse(&scene.corpus, sentences, strlen(sentences), "sentences", &error), 0);
    cr_assert_eq(qsc_vocabulary_build(&scene.vocab, &scene.vocab_bytes, &scene.corpus, 120, false, &error),
                 0);
    cr_assert_eq(
        qsc_tokenizer_create(&scene.tokenizer, scene.vocab, scene.vocab_bytes, "vocabulary", false, &error),
        0);
    scene.config = fixture_config(&even);
    scene.config.vocab_size = qsc_tokenizer_pieces(scene.tokenizer);
    cr_assert_eq(qsc_bert_layout_create(&scene.layout, &scene.config, &error), 0);
    cr_assert_eq(qsc_bert_plan_create(&scene.plan, &scene.layout, QSC_F32, &error), 0);
    cr_assert_eq(qsc_snapshot_init(&scene.cell, &(struct qsc_snapshot_config){.max_live_versions = 6}), 0);
    scene.gold = calloc(scene.corpus.words, sizeof *scene.gold);
    cr_assert_not_null(scene.gold);
}

static void clear_scene(void)
{
    cr_assert_eq(qsc_snapshot_fini(&scene.cell), 0);
    free(scene.gold);
    qsc_bert_plan_destroy(scene.plan);
    qsc_bert_layout_destroy(&scene.layout);
    qsc_tokenizer_destroy(scene.tokenizer);
    qsc_free(scene.vocab);
    qsc_corpus_fini(&scene.corpus);
}

TestSuite(live, .init = set_scene, .fini = clear_scene);

static void pause_ms(long ms)
{
    nanosleep(&(struct timespec){0, ms * 1000000}, NULL);
}

static void draw(float *params, uint64_t seed)
{
    qsc_bert_init(params, &scene.layout, seed);
}

static qsc_bert_weights *publish(uint64_t seed)
{
    float *params = malloc(scene.layout.floats * sizeof *params);
    cr_assert_not_null(params);
    draw(params, seed);
    qsc_bert_weights *weights;
    cr_assert_eq(qsc_bert_weights_create(&weights, scene.plan, params, QSC_BERT_INFERENCE, &error), 0);
    free(params);
    int code;
    while ((code = qsc_snapshot_publish(&scene.cell, weights, qsc_bert_weights_bytes(weights),
                                        qsc_bert_weights_destroy, NULL)) == EAGAIN)
        pause_ms(1);
    cr_assert_eq(code, 0);
    return weights;
}

static qsc_live *start(int readers, double reader_pause_ms)
{
    const struct qsc_live_config config = {.cell = &scene.cell,
                                           .tokenizer = scene.tokenizer,
                                           .plan = scene.plan,
                                           .questions = &scene.corpus,
                                           .gold = scene.gold,
                                           .readers = readers,
                                           .pause_ms = reader_pause_ms};
    qsc_live *live;
    cr_assert_eq(qsc_live_start(&live, &config, &error), 0, "%s", error.text);
    return live;
}

Test(live, readers_wait_for_the_first_version_and_follow_the_others)
{
    qsc_live *live = start(2, 0.1);
    pause_ms(5);
    for (uint64_t seed = 1; seed <= 60; seed++) {
        publish(seed);
        pause_ms(2);
    }
    cr_assert_eq(qsc_live_stop(live, &results, &error), 0, "%s", error.text);
    cr_assert_gt(results.answers, 30);
    cr_assert_gt(results.versions, 10);
    cr_assert_gt(results.rechecked, 10);
    cr_assert_eq(results.mixed, 0);
    cr_assert_eq(results.request_count + results.unrecorded, results.answers);
    for (size_t i = 0; i < results.request_count; i++) {
        const struct qsc_live_request *request = &results.requests[i];
        cr_assert(request->begin_ns <= request->acquired_ns && request->acquired_ns <= request->end_ns);
        cr_assert(request->version >= 1 && request->version <= 60 && request->right <= request->words);
    }
    qsc_live_results_fini(&results);
}

/* The planted bug: a version is overwritten in place after it has answered, then replaced. ThreadSanitizer
 * would rightly report the overwriting itself. */
#ifndef __SANITIZE_THREAD__
Test(live, a_version_that_was_overwritten_in_place_is_caught)
{
    qsc_bert_weights *weights = publish(1);
    qsc_live *live = start(1, 60);
    pause_ms(30); /* it has answered, and pauses */
    draw(qsc_bert_weights_params(weights), 2);
    qsc_bert_weights_pack(weights, 0, qsc_bert_weights_matrices(weights));
    publish(3);
    pause_ms(150);
    cr_assert_eq(qsc_live_stop(live, &results, &error), 0, "%s", error.text);
    cr_assert_gt(results.rechecked, 0);
    cr_assert_gt(results.mixed, 0);
    qsc_live_results_fini(&results);
}
#endif
