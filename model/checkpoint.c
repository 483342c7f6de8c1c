#include <quiesce/model/checkpoint.h>

#include <quiesce/concurrency/alloc.h>
#include <quiesce/model/bert.h>
#include <quiesce/model/directory.h>
#include <quiesce/model/file.h>
#include <quiesce/model/json.h>
#include <quiesce/model/safetensors.h>
#include <quiesce/model/tokenizer_json.h>

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char *const file_names[] = {"config.json", "model.safetensors", "tokenizer_config.json",
                                         "vocab.txt", NULL};
static const size_t vocab_bytes_max = 256 << 20;
static const size_t tokenizer_config_bytes_max = 16 << 20;
static const size_t params_align = 64;

// What the caller of a load for training says about the classifier; NULL where a whole one is required.
struct new_classifier {
    const char *const *labels;
    int count;
    uint64_t seed;
};

void qsc_model_fini(struct qsc_model *model)
{
    qsc_bert_config_fini(&model->config);
    qsc_free(model->vocab);
    qsc_free(model->vocab_path);
    qsc_free(model->params);
    *model = (struct qsc_model){0};
}

// Whether a line of the vocabulary is that piece, white space behind it aside.
static bool has_piece(const struct qsc_model *model, const char *piece)
{
    const size_t length = strlen(piece);
    for (const char *c = model->vocab; (c = strstr(c, piece)) != NULL; c += length) {
        if ((c == model->vocab || c[-1] == '\n') && (!c[length] || isspace((unsigned char)c[length])))
            return true;
    }
    return false;
}

// Takes note of the file that the vocabulary came from, and refuses one that cannot be the model's.
static int check_vocab(struct qsc_model *model, const char *path, struct qsc_error *err)
{
    static const char *const needed[] = {"[UNK]", "[CLS]", "[SEP]"};
    size_t lines = 0;
    model->vocab_path = qsc_file_name(path, "");
    if (!model->vocab_path)
        return qsc_file_fail(err, ENOMEM, path, "cannot read");
    // A NUL, which the tokenizer refuses, hides what follows it.
    for (size_t i = 0; i < sizeof needed / sizeof *needed && !memchr(model->vocab, 0, model->vocab_bytes);
         i++) {
        if (model->vocab_bytes && !has_piece(model, needed[i]))
            return qsc_fail(err, EINVAL, "%s: no piece %s; is this the vocabulary of a BERT model?", path,
                            needed[i]);
    }
    for (const char *c = model->vocab; c < model->vocab + model->vocab_bytes; c++)
        lines += *c == '\n' || c + 1 == model->vocab + model->vocab_bytes;
    if (lines <= (size_t)model->config.vocab_size)
        return 0;
    return qsc_fail(err, EINVAL,
                    "%s: has %zu pieces, but the model's vocab_size is %d; they do not belong together: take "
                    "both from one model",
                    path, lines, model->config.vocab_size);
}

static int read_vocab(struct qsc_model *model, const char *path, struct qsc_error *err)
{
    int code = qsc_file_read(path, vocab_bytes_max, &model->vocab, &model->vocab_bytes, err);
    return code ? code : check_vocab(model, path, err);
}

// The special words must be the ones our tokenizer knows, and nothing may be asked for that it does not do.
static int check_tokenizer(json_t *root, const char *path, bool lowercase, struct qsc_error *err)
{
    static const char *const words[][2] = {
        {"unk_token", "[UNK]"}, {"cls_token", "[CLS]"}, {"sep_token", "[SEP]"}, {"pad_token", "[PAD]"}};
    bool strip = lowercase, chinese = true, basic = true;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        const json_t *word = json_object_get(root, words[i][0]);
        // Older files hold an AddedToken in the place of the string.
        const json_t *holder = json_is_object(word) ? word : root;
        int code = qsc_json_expect(holder, path, holder == root ? words[i][0] : "content", words[i][1], err);
        if (code)
            return code;
    }
    int code = 0;
    const char *id;
    json_t *token;
    json_object_foreach(json_object_get(root, "added_tokens_decoder"), id, token)
    {
        code = qsc_tokenizer_json_check_added(token, path, err);
        if (code)
            return code;
    }
    if (!json_is_null(json_object_get(root, "strip_accents")))
        code = qsc_json_bool(root, path, "strip_accents", &strip, err);
    if (!code)
        code = qsc_json_bool(root, path, "tokenize_chinese_chars", &chinese, err);
    if (!code)
        code = qsc_json_bool(root, path, "do_basic_tokenize", &basic, err);
    if (!code && (strip != lowercase || !chinese || !basic))
        code = qsc_fail(err, EINVAL,
                        "%s: only BERT's usual tokenizer is supported: strip_accents as do_lower_case, "
                        "tokenize_chinese_chars, do_basic_tokenize",
                        path);
    return code;
}

static int read_tokenizer_config(struct qsc_model *model, const char *path, struct qsc_error *err)
{
    struct stat status;
    model->lowercase = true;
    if (stat(path, &status) != 0 && errno == ENOENT)
        return 0;
    json_t *root;
    // As reals, because transformers writes 10^30 where a tokenizer has no limit of length.
    int code = qsc_json_load(path, tokenizer_config_bytes_max, JSON_DECODE_INT_AS_REAL, &root, err);
    if (code)
        return code;
    code = qsc_json_bool(root, path, "do_lower_case", &model->lowercase, err);
    if (!code)
        code = check_tokenizer(root, path, model->lowercase, err);
    json_decref(root);
    return code;
}

// Finds a tensor under its name, without `bert.`, or as LayerNorm.gamma and .beta, which is how checkpoints
// converted from TensorFlow still call them.
static const struct qsc_tensor_info *find_tensor(const qsc_safetensors *file, const char *name)
{
    char old[128];
    const struct qsc_tensor_info *tensor = NULL;
    const char *norm = strstr(name, "LayerNorm.");
    if (norm)
        snprintf(old, sizeof old, "%.*s%s", (int)(norm - name) + 10, name,
                 strcmp(norm + 10, "weight") == 0 ? "gamma" : "beta");
    for (int prefix = 1; prefix >= 0 && !tensor; prefix--) {
        size_t skip = !prefix && strncmp(name, "bert.", 5) == 0 ? 5 : 0;
        tensor = qsc_safetensors_find(file, name + skip);
        if (!tensor && norm)
            tensor = qsc_safetensors_find(file, old + skip);
    }
    return tensor;
}

static int check_tensor(const struct qsc_tensor_info *found, const struct qsc_bert_tensor *wanted,
                        const char *path, struct qsc_error *err)
{
    if (!found)
        return qsc_fail(err, EINVAL,
                        "%s: tensor \"%s\" is missing, which config.json requires; take both from one model",
                        path, wanted->name);
    if (found->dtype != QSC_DTYPE_F32 && found->dtype != QSC_DTYPE_F16 && found->dtype != QSC_DTYPE_BF16)
        return qsc_fail(err, EINVAL, "%s: tensor \"%s\" must be of F32, F16 or BF16; save it as one of them",
                        path, found->name);
    int rank = wanted->cols ? 2 : 1;
    if (found->rank == rank && found->shape[0] == (uint64_t)wanted->rows &&
        (rank == 1 || found->shape[1] == (uint64_t)wanted->cols))
        return 0;
    char shape[QSC_TENSOR_RANK_MAX * 22 + 1] = "";
    for (int i = 0, n = 0; i < found->rank; i++)
        n += snprintf(shape + n, sizeof shape - (size_t)n, i ? ", %llu" : "%llu",
                      (unsigned long long)found->shape[i]);
    if (rank == 2)
        return qsc_fail(
            err, EINVAL,
            "%s: tensor \"%s\" has shape (%s), but config.json makes it (%d, %d); take both from one model",
            path, found->name, shape, wanted->rows, wanted->cols);
    return qsc_fail(
        err, EINVAL,
        "%s: tensor \"%s\" has shape (%s), but config.json makes it (%d); take both from one model", path,
        found->name, shape, wanted->rows);
}

// An encoder tensor that the config has no place for means that the two do not belong together.
static int check_surplus(const qsc_safetensors *file, const struct qsc_bert_layout *layout, const char *path,
                         struct qsc_error *err)
{
    for (size_t i = 0; i < qsc_safetensors_count(file); i++) {
        const char *name = qsc_safetensors_at(file, i)->name;
        const char *inner = strncmp(name, "bert.", 5) == 0 ? name + 5 : name;
        if (strncmp(inner, "encoder.layer.", 14) != 0)
            continue;
        char *end;
        unsigned long layer = strtoul(inner + 14, &end, 10);
        if (*end != '.' || layer >= (unsigned long)layout->config->num_hidden_layers)
            return qsc_fail(err, EINVAL,
                            "%s: tensor \"%.200s\" has no place in the %d layers of config.json; take both "
                            "from one model",
                            path, name, layout->config->num_hidden_layers);
    }
    return 0;
}

static bool is_classifier(const struct qsc_bert_layout *layout, const struct qsc_bert_tensor *tensor)
{
    return tensor->layer == layout->config->num_hidden_layers;
}

static int check_tensors(const qsc_safetensors *file, const struct qsc_bert_layout *layout,
                         bool with_classifier, const char *path, struct qsc_error *err)
{
    int code = check_surplus(file, layout, path, err);
    for (int i = 0; i < layout->count && !code; i++) {
        const struct qsc_bert_tensor *tensor = &layout->tensors[i];
        if (with_classifier || !is_classifier(layout, tensor))
            code = check_tensor(find_tensor(file, tensor->name), tensor, path, err);
    }
    return code;
}

static int allocate_params(struct qsc_model *model, const struct qsc_bert_layout *layout,
                           struct qsc_error *err)
{
    model->floats = layout->floats;
    model->params = qsc_alloc_aligned(model->floats * sizeof *model->params, params_align);
    return model->params ? 0
                         : qsc_fail(err, ENOMEM, "no memory for a model of %zu parameters", model->floats);
}

static int read_tensors(struct qsc_model *model, const qsc_safetensors *file,
                        const struct qsc_bert_layout *layout, bool with_classifier, struct qsc_error *err)
{
    int code = 0;
    for (int i = 0; i < layout->count && !code; i++) {
        const struct qsc_bert_tensor *tensor = &layout->tensors[i];
        if (with_classifier || !is_classifier(layout, tensor))
            code = qsc_safetensors_read_floats(file, find_tensor(file, tensor->name),
                                               model->params + tensor->offset, err);
    }
    return code;
}

// The labels that the data uses against those of the classifier that is there.
static int check_known(const struct qsc_bert_config *config, const struct new_classifier *data,
                       const char *path, struct qsc_error *err)
{
    for (int i = 0; i < data->count; i++) {
        if (qsc_bert_config_label_id(config, data->labels[i]) < 0)
            return qsc_fail(
                err, EINVAL,
                "%s: the model has no label \"%.100s\", which the data uses; its id2label has %d others",
                path, data->labels[i], config->num_labels);
    }
    return 0;
}

static int read_weights(struct qsc_model *model, const char *path, const struct new_classifier *fresh,
                        struct qsc_error *err)
{
    qsc_safetensors *file;
    int code = qsc_safetensors_open(&file, path, err);
    if (code)
        return code;
    bool present =
        qsc_safetensors_find(file, "classifier.weight") || qsc_safetensors_find(file, "classifier.bias");
    if (!present && !fresh)
        code =
            qsc_fail(err, EINVAL, "%s: holds no token classifier (classifier.weight); train one first", path);
    else if (fresh)
        code = present ? check_known(&model->config, fresh, path, err)
                       : qsc_bert_config_set_labels(&model->config, fresh->labels, fresh->count, err);
    struct qsc_bert_layout layout = {0};
    if (!code)
        code = qsc_bert_layout_create(&layout, &model->config, err);
    if (!code) {
        code = check_tensors(file, &layout, present, path, err);
        if (!code)
            code = allocate_params(model, &layout, err);
        if (!code && !present)
            qsc_bert_init(model->params, &layout, fresh->seed);
        if (!code)
            code = read_tensors(model, file, &layout, present, err);
        qsc_bert_layout_destroy(&layout);
    }
    qsc_safetensors_close(file);
    return code;
}

static int join(char path[PATH_MAX], const char *directory, const char *name, struct qsc_error *err)
{
    int length = snprintf(path, PATH_MAX, "%s/%s", directory, name);
    return length < PATH_MAX ? 0 : qsc_file_fail(err, ENAMETOOLONG, directory, "cannot open");
}

// vocab.txt, or where there is none the vocabulary in tokenizer.json.
static int find_vocab(struct qsc_model *model, const char *directory, struct qsc_error *err)
{
    char path[PATH_MAX], json[PATH_MAX];
    struct stat status;
    int code = join(path, directory, "vocab.txt", err);
    if (!code)
        code = join(json, directory, "tokenizer.json", err);
    if (code)
        return code;
    if (stat(path, &status) == 0 || stat(json, &status) != 0)
        return read_vocab(model, path, err);
    code = qsc_tokenizer_json_vocab(json, &model->vocab, &model->vocab_bytes, err);
    return code ? code : check_vocab(model, json, err);
}

static int load_once(struct qsc_model *model, const char *directory, const struct new_classifier *fresh,
                     struct qsc_error *err)
{
    char path[PATH_MAX];
    int code = join(path, directory, "config.json", err);
    if (!code)
        code = qsc_bert_config_load(&model->config, path, err);
    if (!code)
        code = join(path, directory, "tokenizer_config.json", err);
    if (!code)
        code = read_tokenizer_config(model, path, err);
    if (!code)
        code = find_vocab(model, directory, err);
    if (!code)
        code = join(path, directory, "model.safetensors", err);
    if (!code)
        code = read_weights(model, path, fresh, err);
    return code;
}

// A save may exchange the directory between two of our reads: what was read then belongs to neither.
static int load(struct qsc_model *model, const char *directory, const struct new_classifier *fresh,
                struct qsc_error *err)
{
    struct stat before, after;
    for (int attempt = 0;; attempt++) {
        *model = (struct qsc_model){0};
        if (stat(directory, &before) != 0)
            return qsc_file_fail(err, errno, directory, "cannot open");
        int code = load_once(model, directory, fresh, err);
        bool same =
            stat(directory, &after) == 0 && before.st_ino == after.st_ino && before.st_dev == after.st_dev;
        if (!code && !same && attempt == 2)
            code = qsc_fail(err, EBUSY, "%s: is being replaced all the time; load it again", directory);
        if (code)
            qsc_model_fini(model);
        if (same || attempt == 2)
            return code;
        if (!code)
            qsc_model_fini(model);
    }
}

int qsc_model_load(struct qsc_model *model, const char *directory, struct qsc_error *err)
{
    return load(model, directory, NULL, err);
}

int qsc_model_load_for_training(struct qsc_model *model, const char *directory, const char *const *labels,
                                int count, uint64_t seed, struct qsc_error *err)
{
    return load(model, directory, &(struct new_classifier){labels, count, seed}, err);
}

int qsc_model_create(struct qsc_model *model, const char *config_file, const char *vocab_file, bool lowercase,
                     const char *const *labels, int count, uint64_t seed, struct qsc_error *err)
{
    *model = (struct qsc_model){0};
    struct qsc_bert_layout layout = {0};
    int code = qsc_bert_config_load(&model->config, config_file, err);
    model->lowercase = lowercase;
    if (!code)
        code = qsc_bert_config_set_labels(&model->config, labels, count, err);
    if (!code)
        code = read_vocab(model, vocab_file, err);
    if (!code)
        code = qsc_bert_layout_create(&layout, &model->config, err);
    if (!code) {
        code = allocate_params(model, &layout, err);
        if (!code)
            qsc_bert_init(model->params, &layout, seed);
        qsc_bert_layout_destroy(&layout);
    }
    if (code)
        qsc_model_fini(model);
    return code;
}

static int save_weights(const struct qsc_model *model, const char *path, struct qsc_error *err)
{
    static const struct qsc_tensor_metadata format = {"format",
                                                      "pt"}; // transformers refuses a file without it
    struct qsc_bert_layout layout;
    int code = qsc_bert_layout_create(&layout, &model->config, err);
    if (code)
        return code;
    struct qsc_tensor_data *tensors = qsc_alloc_zeroed((size_t)layout.count, sizeof *tensors);
    if (!tensors)
        code = qsc_file_fail(err, ENOMEM, path, "cannot write");
    for (int i = 0; i < layout.count && tensors; i++) {
        const struct qsc_bert_tensor *tensor = &layout.tensors[i];
        tensors[i] = (struct qsc_tensor_data){.name = tensor->name,
                                              .dtype = QSC_DTYPE_F32,
                                              .rank = tensor->cols ? 2 : 1,
                                              .shape = {(uint64_t)tensor->rows, (uint64_t)tensor->cols},
                                              .data = model->params + tensor->offset};
    }
    if (!code)
        code = qsc_safetensors_write(path, tensors, (size_t)layout.count, &format, 1, err);
    qsc_free(tensors);
    qsc_bert_layout_destroy(&layout);
    return code;
}

static int save_tokenizer_config(const struct qsc_model *model, const char *path, struct qsc_error *err)
{
    json_t *root = json_pack("{s:s, s:b, s:s, s:i, s:s, s:s, s:n, s:b, s:s, s:s}", "cls_token", "[CLS]",
                             "do_lower_case", (int)model->lowercase, "mask_token", "[MASK]",
                             "model_max_length", model->config.max_position_embeddings, "pad_token", "[PAD]",
                             "sep_token", "[SEP]", "strip_accents", "tokenize_chinese_chars", 1,
                             "tokenizer_class", "BertTokenizer", "unk_token", "[UNK]");
    int code = qsc_json_save(root, path, JSON_INDENT(2), err);
    json_decref(root);
    return code;
}

static int save_files(const struct qsc_model *model, const char *directory, struct qsc_error *err)
{
    char path[PATH_MAX];
    int code = join(path, directory, "config.json", err);
    if (!code)
        code = qsc_bert_config_save(&model->config, path, err);
    if (!code)
        code = join(path, directory, "tokenizer_config.json", err);
    if (!code)
        code = save_tokenizer_config(model, path, err);
    if (!code)
        code = join(path, directory, "vocab.txt", err);
    if (!code)
        code = qsc_file_save(path, model->vocab, model->vocab_bytes, err);
    if (!code)
        code = join(path, directory, "model.safetensors", err);
    if (!code)
        code = save_weights(model, path, err);
    return code;
}

int qsc_model_save(const struct qsc_model *model, const char *directory, struct qsc_error *err)
{
    struct qsc_directory_writer writer;
    int code = qsc_directory_create(&writer, directory, file_names, err);
    if (code)
        return code;
    code = save_files(model, writer.partial, err);
    if (code) {
        qsc_directory_abort(&writer);
        return code;
    }
    return qsc_directory_commit(&writer, err);
}

int qsc_model_save_check(const char *directory, struct qsc_error *err)
{
    return qsc_directory_check(directory, file_names, err);
}
