#include "demo_stages.h"
#include "file.h"

#include <errno.h>
#include <quiesce/concurrency/alloc.h>
#include <quiesce/model/vocabulary.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

char *qsc_demo_path(const struct qsc_demo *demo, const char *name)
{
    char *folder = qsc_file_name(demo->config->directory, "/");
    char *path = folder ? qsc_file_name(folder, name) : NULL;
    qsc_free(folder);
    return path;
}

int qsc_demo_save(const struct qsc_demo *demo, const char *name, const char *bytes, size_t length,
                  struct qsc_error *err)
{
    char *path = qsc_demo_path(demo, name);
    int code = path ? qsc_file_save(path, bytes, length, err)
                    : qsc_fail(err, ENOMEM, "out of memory for a file's name");
    qsc_free(path);
    return code;
}

static int make_directory(const char *path, struct qsc_error *err)
{
    if (!path)
        return qsc_fail(err, ENOMEM, "out of memory for a file's name");
    if (mkdir(path, 0777) == 0 ||
        errno == EEXIST) /* a file of that name shows when the first file is written in it */
        return 0;
    return qsc_file_fail(err, errno, path, "cannot make the directory");
}

static int make_directories(const struct qsc_demo *demo, struct qsc_error *err)
{
    char *corpus = qsc_demo_path(demo, "corpus"), *model = qsc_demo_path(demo, "model");
    int code = make_directory(demo->config->directory, err);
    if (!code)
        code = make_directory(corpus, err);
    if (!code)
        code = model ? qsc_model_save_check(model, err)
                     : qsc_fail(err, ENOMEM, "out of memory for a file's name");
    qsc_free(corpus);
    qsc_free(model);
    return code;
}

/* Writes a part and reads it back as any other corpus is read: nothing of the generator's goes into the
 * training. */
static int write_and_read(struct qsc_demo *demo, const struct qsc_news *news, enum qsc_news_part part,
                          struct qsc_error *err)
{
    char name[64];
    snprintf(name, sizeof name, "corpus/%s.conll", qsc_news_part_name(part));
    int code = qsc_demo_save(demo, name, news->text[part], news->bytes[part], err);
    if (code)
        return code;
    char *path = qsc_demo_path(demo, name);
    code = path ? qsc_conll_load(&demo->parts[part], path, err)
                : qsc_fail(err, ENOMEM, "out of memory for a file's name");
    qsc_free(path);
    return code;
}

/* Every n-th sentence of the test part. */
static int choose_questions(struct qsc_demo *demo, struct qsc_error *err)
{
    const struct qsc_corpus *test = &demo->parts[QSC_NEWS_TEST];
    size_t count =
        (size_t)demo->config->questions < test->sentences ? (size_t)demo->config->questions : test->sentences;
    struct qsc_corpus *questions = &demo->questions;
    questions->first = qsc_alloc_zeroed(count + 1, sizeof *questions->first);
    questions->text = qsc_alloc((test->words + 1) * sizeof *questions->text);
    questions->labels = qsc_alloc((test->words + 1) * sizeof *questions->labels);
    if (!questions->first || !questions->text || !questions->labels)
        return qsc_fail(err, ENOMEM, "out of memory for %zu questions", count);
    for (size_t i = 0; i < count; i++) {
        size_t sentence = i * test->sentences / count;
        for (size_t word = test->first[sentence]; word < test->first[sentence + 1]; word++) {
            questions->text[questions->words] = test->text[word];
            questions->labels[questions->words++] = test->labels[word];
        }
        questions->first[i + 1] = questions->words;
    }
    questions->sentences = count;
    questions->names = test->names;
    questions->label_count = test->label_count;
    return 0;
}

int qsc_demo_make_corpus(struct qsc_demo *demo, struct qsc_error *err)
{
    int code = make_directories(demo, err);
    if (code)
        return code;
    struct qsc_news_config config = demo->config->news;
    config.seed = demo->config->seed;
    struct qsc_news news;
    code = qsc_news_generate(&news, &config);
    if (code)
        return qsc_fail(err, code, "the corpus cannot be generated: %s", strerror(code));
    memcpy(demo->results->news, news.figures, sizeof news.figures);
    for (int part = 0; part < QSC_NEWS_PARTS && !code; part++)
        code = write_and_read(demo, &news, (enum qsc_news_part)part, err);
    qsc_news_fini(&news);
    return code ? code : choose_questions(demo, err);
}

static int set_config(struct qsc_demo *demo, struct qsc_error *err)
{
    static const char *const labels[] = {"O",     "B-PER", "I-PER",  "B-ORG", "I-ORG",
                                         "B-LOC", "I-LOC", "B-MISC", "I-MISC"};
    struct qsc_bert_config *config = &demo->model.config;
    qsc_bert_config_defaults(config);
    config->vocab_size = qsc_tokenizer_pieces(demo->tokenizer);
    config->hidden_size = demo->config->hidden;
    config->num_hidden_layers = demo->config->layers;
    config->num_attention_heads = demo->config->heads;
    config->intermediate_size = 4 * demo->config->hidden;
    config->max_position_embeddings = demo->config->training.max_length;
    config->initializer_range = 0.05; /* a narrow model learns faster from it than from BERT's 0.02 */
    int code = qsc_bert_config_set_labels(config, labels, (int)(sizeof labels / sizeof *labels), err);
    return code ? code : qsc_bert_config_check(config, "the demo's model", err);
}

int qsc_demo_make_model(struct qsc_demo *demo, struct qsc_error *err)
{
    struct qsc_model *model = &demo->model;
    int code = qsc_vocabulary_build(&model->vocab, &model->vocab_bytes, &demo->parts[QSC_NEWS_TRAIN],
                                    demo->config->vocabulary, model->lowercase, err);
    if (!code)
        code = qsc_tokenizer_create(&demo->tokenizer, model->vocab, model->vocab_bytes,
                                    "the demo's vocabulary", model->lowercase, err);
    if (!code)
        code = set_config(demo, err);
    if (!code)
        code = qsc_bert_layout_create(&demo->layout, &model->config, err);
    if (!code)
        code = qsc_bert_plan_create(&demo->plan, &demo->layout, demo->config->precision, err);
    if (code)
        return code;
    model->floats = demo->layout.floats;
    model->params = qsc_alloc_aligned(model->floats * sizeof *model->params, 64);
    if (!model->params)
        return qsc_fail(err, ENOMEM, "out of memory for a model of %zu parameters", model->floats);
    qsc_bert_init(model->params, &demo->layout, demo->config->seed);
    demo->results->pieces = model->config.vocab_size;
    demo->results->parameters = model->floats;
    return 0;
}
