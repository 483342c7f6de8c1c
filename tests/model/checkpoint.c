#include "support.h"

#include <fcntl.h>
#include <quiesce/model/bert.h>
#include <quiesce/model/checkpoint.h>
#include <quiesce/model/safetensors.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <time.h>

TestSuite(checkpoint, .init = scratch_make, .fini = scratch_remove);

static struct qsc_error error;
static const char *const labels[] = {"B-PER", "I-PER", "O"};

static const char config_text[] =
    "{\"vocab_size\": 11, \"hidden_size\": 12, \"num_hidden_layers\": 2, \"num_attention_heads\": 3,"
    " \"intermediate_size\": 20, \"max_position_embeddings\": 16}";
static const char vocab_text[] = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\nb\n##a\n##b\n.\n";

static struct qsc_model make_model(uint64_t seed)
{
    struct qsc_model model;
    write_text(in_scratch("init.json"), config_text);
    write_text(in_scratch("init.txt"), vocab_text);
    cr_assert_eq(qsc_model_create(&model, in_scratch("init.json"), in_scratch("init.txt"), true, labels, 3,
                                  seed, &error),
                 0, "%s", error.text);
    unlink(in_scratch("init.json"));
    unlink(in_scratch("init.txt"));
    return model;
}

static bool same_model(const struct qsc_model *a, const struct qsc_model *b)
{
    return a->floats == b->floats && memcmp(a->params, b->params, a->floats * sizeof *a->params) == 0 &&
           a->lowercase == b->lowercase && strcmp(a->vocab, b->vocab) == 0 &&
           a->config.num_labels == b->config.num_labels &&
           strcmp(a->config.labels[1], b->config.labels[1]) == 0;
}

static void save(const struct qsc_model *model, const char *directory)
{
    cr_assert_eq(qsc_model_save(model, directory, &error), 0, "%s", error.text);
}

static void must_load(struct qsc_model *model, const char *directory)
{
    cr_assert_eq(qsc_model_load(model, directory, &error), 0, "%s", error.text);
}

static void must_not_load(const char *directory, const char *because)
{
    struct qsc_model model;
    cr_assert_neq(qsc_model_load(&model, directory, &error), 0, "loaded in spite of: %s", because);
    cr_assert_null(model.params);
    cr_assert_not_null(strstr(error.text, because), "expected \"%s\", got: %s", because, error.text);
    cr_assert_not_null(strstr(error.text, directory), "does not name the file: %s", error.text);
}

Test(checkpoint, what_is_saved_is_loaded)
{
    struct qsc_model model = make_model(1), again;
    model.lowercase = false;
    save(&model, in_scratch("model"));
    cr_assert_eq(count_entries(in_scratch("model")), 4);
    cr_assert_eq(count_entries(scratch), 1);
    must_load(&again, in_scratch("model"));
    cr_assert(same_model(&model, &again));
    cr_assert_eq((uintptr_t)again.params % 64, 0);
    qsc_model_fini(&again);
    qsc_model_fini(&model);
}

/* How a test's model.safetensors differs from the one we write. */
struct variant {
    const char *without_prefix; /* begins every name in the place of "bert." */
    const char *skip, *only;    /* leave out names that contain this */
    const char *rename, *as;
    bool halves;
    const char *extra; /* one more tensor, of one F32 */
    const char *misshape;
};

static void write_weights(const struct qsc_model *model, const char *directory, const struct variant *v)
{
    struct qsc_bert_layout layout;
    struct qsc_tensor_data tensors[64] = {0};
    static char names[64][128];
    static uint16_t halves[64 * 4096];
    size_t count = 0, used = 0;
    cr_assert_eq(qsc_bert_layout_create(&layout, &model->config, &error), 0);
    for (int i = 0; i < layout.count; i++) {
        const struct qsc_bert_tensor *tensor = &layout.tensors[i];
        if (v->skip && strstr(tensor->name, v->skip))
            continue;
        bool inner = strncmp(tensor->name, "bert.", 5) == 0;
        snprintf(names[count], sizeof names[0], "%s%s", inner && v->without_prefix ? v->without_prefix : "",
                 tensor->name + (inner && v->without_prefix ? 5 : 0));
        char *old = v->rename ? strstr(names[count], v->rename) : NULL;
        if (old)
            strcpy(old, v->as);
        struct qsc_tensor_data *out = &tensors[count];
        *out = (struct qsc_tensor_data){.name = names[count],
                                        .rank = tensor->cols ? 2 : 1,
                                        .shape = {(uint64_t)tensor->rows, (uint64_t)tensor->cols},
                                        .dtype = QSC_DTYPE_F32,
                                        .data = model->params + tensor->offset};
        if (v->misshape && strstr(tensor->name, v->misshape)) {
            out->rank = 2;
            out->shape[0] = 1;
            out->shape[1] = (uint64_t)tensor->rows;
        }
        if (v->halves) {
            out->dtype = QSC_DTYPE_BF16;
            out->data = halves + used;
            for (size_t j = 0; j < qsc_bert_tensor_floats(tensor); j++, used++)
                memcpy(&halves[used], (const char *)(model->params + tensor->offset + j) + 2, 2);
        }
        count++;
    }
    if (v->extra)
        tensors[count++] = (struct qsc_tensor_data){
            .name = v->extra, .rank = 1, .shape = {1}, .dtype = QSC_DTYPE_F32, .data = model->params};
    char path[600];
    snprintf(path, sizeof path, "%s/model.safetensors", directory);
    cr_assert_eq(qsc_safetensors_write(path, tensors, count, NULL, 0, &error), 0, "%s", error.text);
    qsc_bert_layout_destroy(&layout);
}

Test(checkpoint, other_ways_of_writing_the_same_are_loaded)
{
    static const struct variant same[] = {
        {.without_prefix = ""},
        {.rename = "LayerNorm.weight", .as = "LayerNorm.gamma"},
        {.without_prefix = "", .rename = "LayerNorm.bias", .as = "LayerNorm.beta"},
        {.extra = "bert.pooler.dense.weight"},
        {.extra = "bert.embeddings.position_ids"},
        {.extra = "cls.predictions.bias"},
    };
    struct qsc_model model = make_model(2), again;
    const char *directory = in_scratch("model");
    save(&model, directory);
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        write_weights(&model, directory, &same[i]);
        must_load(&again, directory);
        cr_assert(same_model(&model, &again), "variant %zu", i);
        qsc_model_fini(&again);
    }
    write_weights(&model, directory, &(struct variant){.halves = true});
    must_load(&again, directory);
    for (size_t i = 0; i < model.floats; i++) {
        uint32_t bits;
        memcpy(&bits, &model.params[i], 4);
        bits &= 0xffff0000;
        cr_assert_eq(memcmp(&bits, &again.params[i], 4), 0, "parameter %zu", i);
    }
    qsc_model_fini(&again);
    qsc_model_fini(&model);
}

Test(checkpoint, weights_that_do_not_fit_the_config_are_refused)
{
    static const struct {
        struct variant variant;
        const char *because;
    } cases[] = {
        {{.skip = "layer.1.output.dense.bias"},
         "tensor \"bert.encoder.layer.1.output.dense.bias\" is missing"},
        {{.skip = "word_embeddings"}, "is missing"},
        {{.skip = "classifier"}, "holds no token classifier"},
        {{.skip = "classifier.bias"}, "tensor \"classifier.bias\" is missing"},
        {{.misshape = "layer.0.attention.self.query.bias"},
         "has shape (1, 12), but config.json makes it (12)"},
        {{.extra = "bert.encoder.layer.2.output.dense.weight"}, "has no place in the 2 layers"},
        {{.extra = "encoder.layer.x"}, "has no place in the 2 layers"},
    };
    struct qsc_model model = make_model(3);
    const char *directory = in_scratch("model");
    save(&model, directory);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_weights(&model, directory, &cases[i].variant);
        must_not_load(directory, cases[i].because);
    }
    qsc_model_fini(&model);
}

Test(checkpoint, files_around_the_weights_are_checked)
{
    struct qsc_model model = make_model(4), again;
    char directory[600], path[700];
    strcpy(directory, in_scratch("model"));
    static const struct {
        const char *name, *text, *because;
    } cases[] = {
        {"vocab.txt", "[PAD]\n[CLS]\n[SEP]\nx[UNK]\n", "no piece [UNK]"},
        {"vocab.txt", "[PAD]\n[UNK]\n[SEP]\n[CLS]x\n", "no piece [CLS]"},
        {"vocab.txt", "[PAD]\n[UNK]\n[CLS]\n", "no piece [SEP]"},
        {"vocab.txt", "[UNK]\n[CLS]\n[SEP] \r\n3\n4\n5\n6\n7\n8\n9\n10\n11",
         "has 12 pieces, but the model's vocab_size is 11"},
        {"vocab.txt", NULL, "vocab.txt"},
        {"config.json", NULL, "config.json"},
        {"config.json", "{\"vocab_size\": 11, \"hidden_size\": 24}", "model.safetensors"},
        {"model.safetensors", NULL, "model.safetensors"},
        {"model.safetensors", "", "shorter than"},
        {"tokenizer_config.json", "{", "not valid JSON"},
        {"tokenizer_config.json", "{\"do_lower_case\": \"yes\"}", "do_lower_case must be true or false"},
        {"tokenizer_config.json", "{\"strip_accents\": false}", "only BERT's usual tokenizer"},
        {"tokenizer_config.json", "{\"tokenize_chinese_chars\": false}", "only BERT's usual tokenizer"},
        {"tokenizer_config.json", "{\"do_basic_tokenize\": false}", "only BERT's usual tokenizer"},
        {"tokenizer_config.json", "{\"unk_token\": \"<unk>\"}", "only \"[UNK]\""},
        {"tokenizer_config.json", "{\"added_tokens_decoder\": {\"5\": {\"content\": \"[E1]\"}}}",
         "added token \"[E1]\" is not supported"},
        {"tokenizer_config.json", "{\"sep_token\": {\"content\": \"</s>\"}}", "only \"[SEP]\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        save(&model, directory);
        snprintf(path, sizeof path, "%s/%s", directory, cases[i].name);
        if (cases[i].text)
            write_text(path, cases[i].text);
        else
            cr_assert_eq(unlink(path), 0);
        must_not_load(directory, cases[i].because);
    }
    save(&model, directory);
    snprintf(path, sizeof path, "%s/tokenizer_config.json", directory);
    write_text(path,
               "{\"do_lower_case\": false, \"strip_accents\": null, \"unk_token\": {\"content\": \"[UNK]\"}, "
               "\"added_tokens_decoder\": {\"0\": {\"content\": \"[PAD]\"}}}");
    must_load(&again, directory);
    cr_assert_not(again.lowercase);
    qsc_model_fini(&again);
    /* what transformers writes for "no limit" */
    write_text(path, "{\"do_lower_case\": false, \"model_max_length\": 1000000000000000019884624838656}");
    must_load(&again, directory);
    cr_assert_not(again.lowercase);
    qsc_model_fini(&again);
    cr_assert_eq(unlink(path), 0);
    must_load(&again, directory);
    cr_assert(again.lowercase, "transformers' default");
    qsc_model_fini(&again);
    must_not_load(in_scratch("nothing"), "check the path");
    qsc_model_fini(&model);
}

/* transformers 5 saves tokenizer.json and no vocab.txt. */
Test(checkpoint, a_vocabulary_is_taken_from_tokenizer_json)
{
    static const struct {
        const char *text, *because;
    } cases[] = {
        {"{\"model\": {\"type\": \"WordPiece\", \"vocab\": {\"[SEP]\": 2, \"[UNK]\": 0, \"\\u00e4\": 3, "
         "\"[CLS]\": 1}}}",
         NULL},
        {"{\"model\": {\"type\": \"WordPiece\", \"vocab\": {\"[UNK]\": 0}}}", "no piece [CLS]"},
        {"{\"added_tokens\": [{\"id\": 1, \"content\": \"[E1]\"}], \"model\": {\"type\": \"WordPiece\", "
         "\"vocab\": {\"[UNK]\": 0, \"[E1]\": 1}}}",
         "added token \"[E1]\" is not supported"},
        {"{\"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": 0}}}", "only \"WordPiece\""},
        {"{\"model\": {\"type\": \"WordPiece\", \"vocab\": {\"a\": 0, \"b\": 2}}}",
         "no WordPiece vocabulary"},
        {"{\"model\": {\"type\": \"WordPiece\", \"vocab\": {\"a\": 0, \"b\": 0}}}",
         "no WordPiece vocabulary"},
        {"{\"model\": {\"type\": \"WordPiece\", \"vocab\": {\"a\": -1}}}", "no WordPiece vocabulary"},
        {"{\"model\": {\"type\": \"WordPiece\", \"vocab\": {\"a\": \"0\"}}}", "no WordPiece vocabulary"},
        {"{\"model\": {\"type\": \"WordPiece\", \"vocab\": {\"a\\nb\": 0}}}", "no WordPiece vocabulary"},
        {"{\"model\": {\"type\": \"WordPiece\", \"vocab\": {}}}", "no WordPiece vocabulary"},
        {"{\"model\": {\"type\": \"WordPiece\"}}", "no WordPiece vocabulary"},
        {"{\"model\": 7}", "no WordPiece vocabulary"},
        {"{", "not valid JSON"},
    };
    struct qsc_model model = make_model(4), again;
    const char *directory = in_scratch("model"), *json = in_scratch("model/tokenizer.json");
    save(&model, directory);
    write_text(json, "not read where vocab.txt stands");
    must_load(&again, directory);
    qsc_model_fini(&again);
    cr_assert_eq(unlink(in_scratch("model/vocab.txt")), 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_text(json, cases[i].text);
        if (cases[i].because) {
            must_not_load(directory, cases[i].because);
            continue;
        }
        must_load(&again, directory);
        cr_assert_str_eq(again.vocab, "[UNK]\n[CLS]\n[SEP]\n\xc3\xa4\n");
        cr_assert_eq(again.vocab_bytes, strlen(again.vocab));
        qsc_model_fini(&again);
    }
    qsc_model_fini(&model);
}

Test(checkpoint, a_classifier_is_made_for_training_where_there_is_none)
{
    struct qsc_model model = make_model(5), first, second;
    static const char *const data[] = {"B-X", "I-X", "O", "B-Y"};
    const char *directory = in_scratch("model");
    save(&model, directory);
    write_weights(&model, directory, &(struct variant){.skip = "classifier", .without_prefix = ""});
    cr_assert_eq(qsc_model_load_for_training(&first, directory, data, 4, 7, &error), 0, "%s", error.text);
    cr_assert_eq(first.config.num_labels, 4);
    cr_assert_str_eq(first.config.labels[3], "B-Y");
    size_t body = model.floats - 3 * 13;
    cr_assert_eq(first.floats, body + 4 * 13);
    cr_assert_eq(memcmp(first.params, model.params, body * sizeof(float)), 0);
    cr_assert_eq(qsc_model_load_for_training(&second, directory, data, 4, 8, &error), 0, "%s", error.text);
    cr_assert_eq(memcmp(first.params, second.params, body * sizeof(float)), 0);
    cr_assert_neq(memcmp(first.params + body, second.params + body, 4 * 12 * sizeof(float)), 0,
                  "another seed gives another classifier");
    qsc_model_fini(&first);
    qsc_model_fini(&second);
    qsc_model_fini(&model);
}

Test(checkpoint, a_classifier_that_is_there_keeps_its_labels)
{
    struct qsc_model model = make_model(6), again;
    static const char *const some[] = {"O", "B-PER"}, *const more[] = {"O", "B-LOC"};
    const char *directory = in_scratch("model");
    save(&model, directory);
    cr_assert_eq(qsc_model_load_for_training(&again, directory, some, 2, 7, &error), 0, "%s", error.text);
    cr_assert(same_model(&model, &again));
    qsc_model_fini(&again);
    cr_assert_eq(qsc_model_load_for_training(&again, directory, more, 2, 7, &error), EINVAL);
    cr_assert_not_null(strstr(error.text, "no label \"B-LOC\""), "%s", error.text);
    qsc_model_fini(&model);
}

Test(checkpoint, a_save_replaces_a_model_and_nothing_else)
{
    struct qsc_model model = make_model(7), other = make_model(8), again;
    char directory[600];
    strcpy(directory, in_scratch("model"));
    save(&model, directory);
    save(&other, directory);
    must_load(&again, directory);
    cr_assert(same_model(&other, &again));
    qsc_model_fini(&again);

    write_text(in_scratch("model/thesis.tex"), "years of work");
    cr_assert_eq(qsc_model_save(&model, directory, &error), EEXIST);
    cr_assert_not_null(strstr(error.text, "thesis.tex"), "%s", error.text);
    cr_assert_eq(qsc_model_save_check(directory, &error), EEXIST);
    cr_assert_eq(count_entries(directory), 5);
    cr_assert_eq(qsc_model_save_check("/proc", &error), EXDEV);
    cr_assert_not_null(strstr(error.text, "mount point"), "%s", error.text);
    cr_assert_eq(unlink(in_scratch("model/thesis.tex")), 0);
    cr_assert_eq(qsc_model_save_check(directory, &error), 0, "%s", error.text);

    cr_assert_eq(symlink("model", in_scratch("link")), 0);
    save(&model, in_scratch("link/"));
    must_load(&again, directory);
    cr_assert(same_model(&model, &again), "the directory behind a link was not replaced");
    qsc_model_fini(&again);

    write_text(in_scratch("file"), "x");
    cr_assert_eq(qsc_model_save(&model, in_scratch("file"), &error), ENOTDIR);
    cr_assert_eq(qsc_model_save(&model, in_scratch("no/model"), &error), ENOENT);
    cr_assert_eq(qsc_model_save_check(in_scratch("no/model"), &error), ENOENT);
    cr_assert_eq(count_entries(scratch), 3, "something is left over");
    qsc_model_fini(&model);
    qsc_model_fini(&other);
}

Test(checkpoint, a_full_disk_leaves_the_old_model)
{
    struct qsc_model model = make_model(9), other = make_model(10), again;
    save(&model, in_scratch("model"));
    for (rlim_t bytes = 0; bytes < 8192; bytes += 500) {
        limit_file_size(bytes);
        cr_assert_eq(qsc_model_save(&other, in_scratch("model"), &error), EFBIG, "%s", error.text);
        limit_file_size(RLIM_INFINITY);
        cr_assert_not_null(strstr(error.text, "free some space"), "%s", error.text);
        cr_assert_eq(count_entries(scratch), 1, "something is left over");
    }
    must_load(&again, in_scratch("model"));
    cr_assert(same_model(&model, &again));
    qsc_model_fini(&again);
    qsc_model_fini(&model);
    qsc_model_fini(&other);
}

Test(checkpoint, two_savers_do_not_mix)
{
    struct qsc_model model = make_model(11);
    cr_assert_eq(mkdir(in_scratch("model.partial"), 0777), 0);
    write_text(in_scratch("model.partial/config.json.partial"), "left by a kill");
    int other = open(in_scratch("model.partial"), O_RDONLY | O_DIRECTORY);
    cr_assert_eq(flock(other, LOCK_EX), 0);
    cr_assert_eq(qsc_model_save(&model, in_scratch("model"), &error), EBUSY, "%s", error.text);
    cr_assert(exists(in_scratch("model.partial/config.json.partial")));
    close(other);
    save(&model, in_scratch("model"));
    cr_assert_eq(count_entries(scratch), 1);
    qsc_model_fini(&model);
}

/* A child saves two models in turn until it is killed, at a moment of chance: what stands there afterwards is
 * one of the two, whole, and the next save does not mind what the kill left. */
Test(checkpoint, killed_at_any_moment_the_old_or_the_new_is_whole)
{
    struct qsc_model models[2] = {make_model(12), make_model(13)}, again;
    char directory[600];
    strcpy(directory, in_scratch("model"));
    save(&models[0], directory);
    int seen[2] = {0, 0}, interrupted = 0;
    bool met = false; // enough kills came while a save was under way: on a busy machine that takes more
    for (int round = 0; round < 60 || (!met && round < 1000); round++) {
        pid_t child = fork();
        cr_assert_geq(child, 0);
        if (child == 0) {
            for (int i = round;; i++) {
                if (qsc_model_save(&models[i & 1], directory, NULL) != 0)
                    _exit(1);
            }
        }
        nanosleep(&(struct timespec){.tv_nsec = 1000000 + 173311L * (round % 60)}, NULL);
        cr_assert_eq(kill(child, SIGKILL), 0);
        int status;
        cr_assert_eq(waitpid(child, &status, 0), child);
        cr_assert(WIFSIGNALED(status), "a save failed");
        interrupted += exists(in_scratch("model.partial"));
        must_load(&again, directory);
        int which = same_model(&models[1], &again);
        cr_assert(which || same_model(&models[0], &again), "a mixture of two models");
        seen[which]++;
        qsc_model_fini(&again);
        met = seen[0] > 0 && seen[1] > 0 && interrupted > 5;
    }
    save(&models[0], directory);
    cr_assert_eq(count_entries(scratch), 1);
    cr_assert(met, "%d %d %d: too few kills met a save", seen[0], seen[1], interrupted);
    qsc_model_fini(&models[0]);
    qsc_model_fini(&models[1]);
}

/* A load while another process saves all the time is one of the two models, never a mixture. */
Test(checkpoint, a_load_beside_saves_is_whole)
{
    struct qsc_model models[2] = {make_model(14), make_model(15)}, again;
    char directory[600];
    strcpy(directory, in_scratch("model"));
    save(&models[0], directory);
    pid_t child = fork();
    cr_assert_geq(child, 0);
    if (child == 0) {
        for (int i = 1;; i++) {
            if (qsc_model_save(&models[i & 1], directory, NULL) != 0)
                _exit(1);
        }
    }
    int loaded = 0; // on a busy machine the saver wins more often
    for (int i = 0; i < 200 || (loaded <= 20 && i < 20000); i++) {
        int code = qsc_model_load(&again, directory, &error);
        if (code) /* exchanged three times in a row, or emptied under us as often */
            continue;
        loaded++;
        cr_assert(same_model(&models[0], &again) || same_model(&models[1], &again),
                  "a mixture of two models");
        qsc_model_fini(&again);
    }
    cr_assert_eq(kill(child, SIGKILL), 0);
    int status;
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFSIGNALED(status), "a save failed");
    cr_assert_gt(loaded, 20);
    qsc_model_fini(&models[0]);
    qsc_model_fini(&models[1]);
}

static int save_then_load(void *context)
{
    struct qsc_model again;
    int code = qsc_model_save(context, in_scratch("model"), &error);
    if (!code)
        code = qsc_model_load(&again, in_scratch("model"), &error);
    if (!code)
        qsc_model_fini(&again);
    return code;
}

Test(checkpoint, every_allocation_may_fail)
{
    struct qsc_model model = make_model(16);
    failing_left = LONG_MAX;
    cr_assert_gt(fail_each_allocation(save_then_load, &model), 100);
    cr_assert_eq(count_entries(scratch), 1);
    qsc_model_fini(&model);
}
