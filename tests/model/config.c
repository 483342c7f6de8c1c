#include "support.h"

#include <quiesce/model/config.h>

TestSuite(config, .init = scratch_make, .fini = scratch_remove);

static struct qsc_error error;

static int load(struct qsc_bert_config *config, const char *text)
{
    const char *path = in_scratch("config.json");
    write_text(path, text);
    return qsc_bert_config_load(config, path, &error);
}

/* As transformers 5 writes it for BertForTokenClassification. */
static const char modern[] =
    "{\n  \"add_cross_attention\": false,\n  \"architectures\": [\"BertForTokenClassification\"],\n"
    "  \"attention_probs_dropout_prob\": 0.2,\n  \"bos_token_id\": null,\n  \"classifier_dropout\": null,\n"
    "  \"dtype\": \"float32\",\n  \"eos_token_id\": null,\n  \"hidden_act\": \"gelu\",\n"
    "  \"hidden_dropout_prob\": 0.3,\n  \"hidden_size\": 24,\n"
    "  \"id2label\": {\"0\": \"O\", \"1\": \"B-PER\", \"2\": \"I-PER\"},\n  \"initializer_range\": 0.02,\n"
    "  \"intermediate_size\": 48,\n  \"is_decoder\": false,\n"
    "  \"label2id\": {\"B-PER\": 1, \"I-PER\": 2, \"O\": 0},\n  \"layer_norm_eps\": 1e-12,\n"
    "  \"max_position_embeddings\": 32,\n  \"model_type\": \"bert\",\n  \"num_attention_heads\": 2,\n"
    "  \"num_hidden_layers\": 2,\n  \"pad_token_id\": 0,\n  \"tie_word_embeddings\": true,\n"
    "  \"transformers_version\": \"5.23.0\",\n  \"type_vocab_size\": 2,\n  \"use_cache\": true,\n"
    "  \"vocab_size\": 50\n}\n";

/* As transformers 4 writes it for a BERT without a head. */
static const char older[] =
    "{\"_name_or_path\": \"someone/bert\", \"architectures\": [\"BertModel\"], \"hidden_size\": 384,\n"
    " \"num_attention_heads\": 12, \"intermediate_size\": 1536, \"num_hidden_layers\": 6, \"hidden_act\": "
    "\"gelu\",\n"
    " \"position_embedding_type\": \"absolute\", \"gradient_checkpointing\": false, \"torch_dtype\": "
    "\"float32\",\n"
    " \"transformers_version\": \"4.8.2\", \"vocab_size\": 30522, \"model_type\": \"bert\"}";

Test(config, fields_are_read)
{
    struct qsc_bert_config config;
    cr_assert_eq(load(&config, modern), 0, "%s", error.text);
    cr_assert_eq(config.vocab_size, 50);
    cr_assert_eq(config.hidden_size, 24);
    cr_assert_eq(config.num_hidden_layers, 2);
    cr_assert_eq(config.num_attention_heads, 2);
    cr_assert_eq(config.intermediate_size, 48);
    cr_assert_eq(config.max_position_embeddings, 32);
    cr_assert_eq(config.num_labels, 3);
    cr_assert_eq(config.attention_probs_dropout_prob, .2);
    cr_assert_eq(config.hidden_dropout_prob, .3);
    cr_assert_eq(config.classifier_dropout, .3, "null stands for hidden_dropout_prob");
    cr_assert_eq(config.layer_norm_eps, 1e-12);
    cr_assert_str_eq(config.labels[1], "B-PER");
    cr_assert_eq(qsc_bert_config_label_id(&config, "I-PER"), 2);
    cr_assert_eq(qsc_bert_config_label_id(&config, "I-LOC"), -1);
    qsc_bert_config_fini(&config);
}

Test(config, missing_fields_have_the_defaults_of_transformers)
{
    struct qsc_bert_config config;
    cr_assert_eq(load(&config, older), 0, "%s", error.text);
    cr_assert_eq(config.max_position_embeddings, 512);
    cr_assert_eq(config.type_vocab_size, 2);
    cr_assert_eq(config.pad_token_id, 0);
    cr_assert_eq(config.hidden_dropout_prob, .1);
    cr_assert_eq(config.num_labels, 2);
    cr_assert_str_eq(config.labels[1], "LABEL_1");
    qsc_bert_config_fini(&config);
    cr_assert_eq(load(&config, "{\"num_labels\": 11, \"pad_token_id\": null}"), 0, "%s", error.text);
    cr_assert_eq(config.hidden_size, 768);
    cr_assert_eq(config.num_labels, 11);
    cr_assert_eq(config.pad_token_id, -1);
    cr_assert_str_eq(config.labels[10], "LABEL_10");
    qsc_bert_config_fini(&config);
}

Test(config, what_is_saved_is_loaded)
{
    struct qsc_bert_config config, again;
    cr_assert_eq(load(&config, modern), 0, "%s", error.text);
    config.initializer_range = .1 + .2; /* 17 digits */
    config.pad_token_id = -1;
    static const char *const labels[] = {"O", "\xc3\xa4\"\\", "x"};
    cr_assert_eq(qsc_bert_config_set_labels(&config, labels, 3, &error), 0, "%s", error.text);
    const char *path = in_scratch("saved.json");
    cr_assert_eq(qsc_bert_config_save(&config, path, &error), 0, "%s", error.text);
    cr_assert_eq(qsc_bert_config_load(&again, path, &error), 0, "%s", error.text);
    cr_assert_eq(again.initializer_range, config.initializer_range);
    cr_assert_eq(again.layer_norm_eps, config.layer_norm_eps);
    cr_assert_eq(again.classifier_dropout, .3);
    cr_assert_eq(again.pad_token_id, -1);
    cr_assert_str_eq(again.labels[1], labels[1]);
    char **kept = again.labels;
    again.labels = config.labels;
    cr_assert_eq(memcmp(&again, &config, sizeof config), 0);
    again.labels = kept;
    qsc_bert_config_fini(&again);
    qsc_bert_config_fini(&config);
    cr_assert_eq(count_entries(scratch), 2);
}

Test(config, an_unnamed_label_is_saved_as_transformers_calls_it)
{
    struct qsc_bert_config config, again;
    qsc_bert_config_defaults(&config);
    const char *path = in_scratch("unnamed.json");
    cr_assert_eq(qsc_bert_config_save(&config, path, &error), 0, "%s", error.text);
    cr_assert_eq(qsc_bert_config_load(&again, path, &error), 0, "%s", error.text);
    cr_assert_str_eq(again.labels[0], "LABEL_0");
    qsc_bert_config_fini(&again);
}

Test(config, what_is_wrong_is_said)
{
    static const struct {
        const char *text, *because;
    } cases[] = {
        {"", "not valid JSON"},
        {"{\"hidden_size\": 24", "not valid JSON"},
        {"[]", "one JSON object"},
        {"{\"hidden_size\": 24, \"hidden_size\": 24}", "duplicate"},
        {"{\"hidden_size\": \"24\"}", "hidden_size must be an integer"},
        {"{\"hidden_size\": 24.0}", "hidden_size must be an integer"},
        {"{\"hidden_size\": 0}", "hidden_size is 0"},
        {"{\"hidden_size\": -24}", "hidden_size is -24"},
        {"{\"hidden_size\": 99999999999999}", "hidden_size is 99999999999999"},
        {"{\"hidden_size\": 99999999999999999999}", "not valid JSON"},
        {"{\"hidden_size\": 131072}", "hidden_size is 131072"},
        {"{\"hidden_size\": 25}", "not a multiple of num_attention_heads"},
        {"{\"num_hidden_layers\": 5000}", "num_hidden_layers"},
        {"{\"hidden_size\": 65536, \"num_attention_heads\": 64, \"num_hidden_layers\": 1000}",
         "2^32 parameters"},
        {"{\"vocab_size\": 16777216, \"hidden_size\": 768}", "2^32 parameters"},
        {"{\"max_position_embeddings\": 2}", "max_position_embeddings"},
        {"{\"pad_token_id\": 30522}", "pad_token_id"},
        {"{\"pad_token_id\": \"0\"}", "pad_token_id"},
        {"{\"layer_norm_eps\": 0}", "layer_norm_eps"},
        {"{\"layer_norm_eps\": \"1e-12\"}", "layer_norm_eps must be a number"},
        {"{\"hidden_dropout_prob\": 1}", "hidden_dropout_prob"},
        {"{\"hidden_dropout_prob\": -0.1}", "hidden_dropout_prob"},
        {"{\"attention_probs_dropout_prob\": 1.5}", "attention_probs_dropout_prob"},
        {"{\"classifier_dropout\": 2}", "classifier_dropout"},
        {"{\"classifier_dropout\": \"no\"}", "classifier_dropout"},
        {"{\"initializer_range\": -1}", "initializer_range"},
        {"{\"hidden_act\": \"gelu_new\"}", "only \"gelu\" is"},
        {"{\"hidden_act\": 3}", "hidden_act must be"},
        {"{\"position_embedding_type\": \"relative_key\"}", "only \"absolute\" is"},
        {"{\"model_type\": \"roberta\"}", "only \"bert\" is"},
        {"{\"is_decoder\": true}", "decoder"},
        {"{\"is_decoder\": 1}", "is_decoder must be true or false"},
        {"{\"id2label\": [\"O\"]}", "id2label must be an object"},
        {"{\"id2label\": {}}", "id2label must be an object"},
        {"{\"id2label\": {\"0\": \"O\", \"2\": \"B\"}}", "no string under \"1\""},
        {"{\"id2label\": {\"0\": 7}}", "no string under \"0\""},
        {"{\"id2label\": {\"0\": \"O\", \"1\": \"O\"}}", "both 0 and 1"},
        {"{\"id2label\": {\"0\": \"\"}}", "label 0 is empty"},
        {"{\"id2label\": {\"0\": \"O\"}, \"num_labels\": 2}", "id2label has 1"},
        {"{\"num_labels\": 0}", "num_labels is 0"},
        {"{\"num_labels\": 1000000000}", "num_labels"},
        {"{\"vocab_size\": 50, \"x\": \"\xff\"}", "not valid JSON"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct qsc_bert_config config;
        cr_assert_eq(load(&config, cases[i].text), EINVAL, "accepted: %s", cases[i].text);
        cr_assert_null(config.labels);
        cr_assert_not_null(strstr(error.text, cases[i].because), "expected \"%s\", got: %s", cases[i].because,
                           error.text);
        cr_assert_not_null(strstr(error.text, "config.json"), "does not name the file: %s", error.text);
        cr_assert_null(strchr(error.text, '\n'));
    }
}

Test(config, labels_are_checked)
{
    struct qsc_bert_config config;
    qsc_bert_config_defaults(&config);
    static const char *const good[] = {"O", "B-PER"}, *const twice[] = {"O", "O"},
                             *const bytes[] = {"O", "\xff"}, *const empty[] = {"", "O"};
    cr_assert_eq(qsc_bert_config_set_labels(&config, good, 2, &error), 0);
    cr_assert_eq(qsc_bert_config_set_labels(&config, twice, 2, &error), EINVAL);
    cr_assert_eq(qsc_bert_config_set_labels(&config, bytes, 2, &error), EINVAL);
    cr_assert_eq(qsc_bert_config_set_labels(&config, empty, 2, &error), EINVAL);
    cr_assert_eq(qsc_bert_config_set_labels(&config, good, 0, &error), EINVAL);
    cr_assert_str_eq(config.labels[1], "B-PER", "a refused change changed it");
    qsc_bert_config_fini(&config);
}

Test(config, an_impossible_config_is_not_saved)
{
    struct qsc_bert_config config;
    qsc_bert_config_defaults(&config);
    config.num_attention_heads = 5;
    cr_assert_eq(qsc_bert_config_save(&config, in_scratch("x.json"), &error), EINVAL);
    qsc_bert_config_defaults(&config);
    cr_assert_eq(qsc_bert_config_save(&config, in_scratch("no/x.json"), &error), ENOENT);
    cr_assert_eq(count_entries(scratch), 0);
}

static int load_copy_save(void *context)
{
    struct qsc_bert_config config, copy;
    int code = qsc_bert_config_load(&config, context, &error);
    if (code)
        return code;
    code = qsc_bert_config_copy(&copy, &config, &error);
    if (!code) {
        code = qsc_bert_config_save(&copy, in_scratch("copy.json"), &error);
        qsc_bert_config_fini(&copy);
    }
    qsc_bert_config_fini(&config);
    return code;
}

Test(config, every_allocation_may_fail)
{
    char path[600];
    strcpy(path, in_scratch("config.json"));
    write_text(path, modern);
    cr_assert_gt(fail_each_allocation(load_copy_save, path), 50);
    cr_assert_eq(count_entries(scratch), 2);
}
