#include "support.h"

#include <quiesce/model/demo.h>

TestSuite(demo, .init = scratch_make, .fini = scratch_remove, .timeout = 280);

/* The whole demo, so small that a sanitizer gets through it in seconds. */
static struct qsc_demo_config tiny(const char *directory)
{
    struct qsc_demo_config config;
    qsc_demo_defaults(&config);
    config.seed = 5;
    config.directory = directory;
    config.threads = 2;
    config.news = (struct qsc_news_config){.sentences = {48, 16, 16}};
    config.vocabulary = 240;
    config.hidden = 16;
    config.layers = 1;
    config.heads = 2;
    config.training.epochs = 2;
    config.training.publish_every = 1;
    config.reader_pause_ms = 0.2;
    config.questions = 6;
    config.serving = (struct qsc_serving_config){
        .rounds = 1, .latency_seconds = 0.06, .crowd_seconds = 0.02, .interval_ms = 5, .window_ms = 1};
    return config;
}

static const struct qsc_demo_hooks silent = {0};
static struct qsc_demo_results results;
static struct qsc_error error;

static void must_run(const struct qsc_demo_config *config)
{
    int code = qsc_demo_run(config, &silent, &results, &error);
    cr_assert_eq(code, 0, "%d: %s", code, error.text);
}

Test(demo, every_file_is_there_and_holds_what_was_measured)
{
    const struct qsc_demo_config config = tiny(in_scratch("out"));
    must_run(&config);
    static const char *const files[] = {"corpus/train.conll", "corpus/valid.conll", "corpus/test.conll",
                                        "report.txt",         "report.html",        "latency.svg",
                                        "metrics.json",       "model/vocab.txt"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        cr_assert(exists(in_scratch("out/%s", files[i])), "%s", files[i]);

    json_t *metrics = json_load_file(in_scratch("out/metrics.json"), JSON_REJECT_DUPLICATES, NULL);
    cr_assert_not_null(metrics);
    cr_assert_float_eq(json_number_value(json_object_get(metrics, "f1")), results.entities.f1, 1e-6);
    cr_assert_eq(json_integer_value(json_object_get(metrics, "versions_published")),
                 (json_int_t)results.snapshot.published);
    cr_assert_eq(json_integer_value(json_object_get(metrics, "mixed_answers")), 0);
    cr_assert_leq(json_integer_value(json_object_get(metrics, "live_versions_max")), 8);
    cr_assert_gt(json_integer_value(json_object_get(metrics, "live_bytes_max")), 0);
    static const char *const keys[] = {"requests_per_s", "p50_us",      "p99_us",       "p999_us",
                                       "max_us",         "p99_swap_us", "p99_quiet_us", "publish_stall_us"};
    static const char *const names[] = {"snapshot", "rwlock", "mutex", "refcount"};
    for (size_t g = 0; g < sizeof names / sizeof *names; g++) {
        const json_t *guard = json_object_get(json_object_get(metrics, "guards"), names[g]);
        for (size_t k = 0; k < sizeof keys / sizeof *keys; k++)
            cr_assert(json_is_number(json_object_get(guard, keys[k])), "%s.%s", names[g], keys[k]);
    }
    json_decref(metrics);
    struct qsc_model model;
    cr_assert_eq(qsc_model_load(&model, in_scratch("out/model"), &error), 0, "%s", error.text);
    cr_assert_eq(model.floats, results.parameters);
    qsc_model_fini(&model);
    qsc_demo_results_fini(&results);
}

Test(demo, readers_were_answered_by_many_versions_and_asked_again)
{
    const struct qsc_demo_config config = tiny(in_scratch("out"));
    must_run(&config);
    cr_assert_geq(results.publication_count, 6);
    cr_assert_eq(results.publication_count, results.snapshot.published);
    cr_assert_gt(results.live.answers, 10);
    cr_assert_gt(results.live.versions, 1);
    cr_assert_gt(results.live.rechecked, 0);
    cr_assert_eq(results.live.mixed, 0);
    cr_assert_eq(qsc_demo_mixed_answers(&results), 0);
    cr_assert_leq(results.snapshot.live_versions_max, config.bounds.max_live_versions);
    qsc_demo_results_fini(&results);
}

Test(demo, the_model_depends_on_the_seed_and_not_on_the_threads)
{
    struct qsc_demo_config config = tiny(in_scratch("first"));
    must_run(&config);
    qsc_demo_results_fini(&results);
    config.directory = in_scratch("second");
    config.threads = 1;
    config.readers = 1;
    must_run(&config);
    qsc_demo_results_fini(&results);
    cr_assert(same_bytes(in_scratch("first/model/model.safetensors"),
                         in_scratch("second/model/model.safetensors")));
    cr_assert(same_bytes(in_scratch("first/report.txt"), in_scratch("second/report.txt")));
    config.directory = in_scratch("third");
    config.seed = 6;
    must_run(&config);
    qsc_demo_results_fini(&results);
    cr_assert(!same_bytes(in_scratch("first/model/model.safetensors"),
                          in_scratch("third/model/model.safetensors")));
}

static void must_fail(const struct qsc_demo_config *config, const char *place)
{
    error.text[0] = '\0';
    cr_assert_neq(qsc_demo_run(config, &silent, &results, &error), 0);
    cr_assert_not_null(strstr(error.text, place), "%s", error.text);
    cr_assert_null(strchr(error.text, '\n'));
}

Test(demo, a_directory_that_cannot_be_written_is_named)
{
    write_text(in_scratch("file"), "not a directory");
    struct qsc_demo_config config = tiny(in_scratch("file"));
    must_fail(&config, "file");
    config.directory = in_scratch("file/below");
    must_fail(&config, "file/below");
    config.directory = in_scratch("no/such/place");
    must_fail(&config, "no/such/place");
    cr_assert_eq(mkdir(in_scratch("own"), 0777), 0);
    cr_assert_eq(mkdir(in_scratch("own/model"), 0777), 0);
    write_text(in_scratch("own/model/thesis.txt"), "not the demo's");
    config.directory = in_scratch("own");
    must_fail(&config, "own/model");
    cr_assert(exists(in_scratch("own/model/thesis.txt")));
}

Test(demo, int8_is_refused_before_anything_is_made)
{
    struct qsc_demo_config config = tiny(in_scratch("out"));
    config.precision = QSC_INT8;
    must_fail(&config, "train with f32 or bf16");
    cr_assert(!exists(in_scratch("out")));
}

Test(demo, a_full_disk_is_one_clear_line)
{
    struct qsc_demo_config config = tiny(in_scratch("out"));
    limit_file_size(600);
    must_fail(&config, "corpus/train.conll");
    limit_file_size(8000); /* enough for the corpus, not for the model */
    must_fail(&config, "model");
    limit_file_size(RLIM_INFINITY);
}

/* There are too many allocations to fail each of them: the first ones, then ever sparser ones. */
Test(demo, failing_allocations_are_survived)
{
    failing_install();
    struct qsc_demo_config config = tiny(in_scratch("out"));
    config.training.epochs = 1;
    int failures = 0;
    for (long k = 0;; k += 1 + k / 5) {
        __atomic_store_n(&failing_left, k, __ATOMIC_RELAXED);
        int code = qsc_demo_run(&config, &silent, &results, &error);
        bool reached = __atomic_load_n(&failing_left, __ATOMIC_RELAXED) < 0;
        __atomic_store_n(&failing_left, LONG_MAX, __ATOMIC_RELAXED);
        qsc_demo_results_fini(&results);
        if (!reached) {
            cr_assert_eq(code, 0, "%s", error.text);
            break;
        }
        failures += code != 0; /* where a version could not be built for a reader's pin, the demo may go on */
    }
    cr_assert_gt(failures, 20);
}
