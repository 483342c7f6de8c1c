#include "support.h"

#include <quiesce/model/report.h>

/* A tagging read from JSON. */
struct read_tagging {
    struct qsc_tagging tagging;
    size_t *first;
    int32_t *gold, *predicted;
    const char **names;
};

static size_t words_of(const json_t *sentences)
{
    size_t words = 0;
    for (size_t s = 0; s < json_array_size(sentences); s++)
        words += json_array_size(json_array_get(sentences, s));
    return words;
}

static int32_t *read_labels(const json_t *sentences)
{
    int32_t *labels = malloc(words_of(sentences) * sizeof *labels);
    size_t at = 0;
    for (size_t s = 0; s < json_array_size(sentences); s++) {
        const json_t *sentence = json_array_get(sentences, s);
        for (size_t i = 0; i < json_array_size(sentence); i++)
            labels[at++] = (int32_t)json_integer_value(json_array_get(sentence, i));
    }
    return labels;
}

static struct read_tagging read_tagging(const json_t *labels, const json_t *gold, const json_t *predicted)
{
    const size_t count = json_array_size(labels), sentences = json_array_size(gold);
    struct read_tagging r = {.first = calloc(sentences + 1, sizeof *r.first),
                             .gold = read_labels(gold),
                             .predicted = read_labels(predicted),
                             .names = malloc(count * sizeof *r.names)};
    for (size_t i = 0; i < count; i++)
        r.names[i] = json_string_value(json_array_get(labels, i));
    for (size_t s = 0; s < sentences; s++)
        r.first[s + 1] = r.first[s] + json_array_size(json_array_get(gold, s));
    r.tagging = (struct qsc_tagging){sentences, r.first, r.gold, r.predicted, r.names, (int)count};
    return r;
}

static void check_case(const json_t *row, size_t line)
{
    struct read_tagging r =
        read_tagging(json_array_get(row, 0), json_array_get(row, 1), json_array_get(row, 2));
    const int digits = (int)json_integer_value(json_array_get(row, 3));
    struct qsc_error err = {""};
    char *text;
    cr_assert_eq(qsc_report_entity_text(&text, &r.tagging, digits, &err), 0, "%s", err.text);
    const char *expected = json_string_value(json_array_get(row, 4));
    if (expected)
        cr_assert_str_eq(text, expected, "line %zu:\n%s\nexpected\n%s", line, text, expected);
    qsc_free(text);
    cr_assert_eq(qsc_report_token_text(&text, &r.tagging, digits, &err), 0, "%s", err.text);
    expected = json_string_value(json_array_get(row, 5));
    cr_assert_str_eq(text, expected, "line %zu:\n%s\nexpected\n%s", line, text, expected);
    qsc_free(text);
    struct qsc_scores micro;
    cr_assert_eq(qsc_report_entities(&micro, &r.tagging, &err), 0);
    const double *got[] = {&micro.precision, &micro.recall, &micro.f1};
    for (size_t i = 0; i < 3; i++)
        cr_assert_eq(*got[i], json_number_value(json_array_get(json_array_get(row, 6), i)), "line %zu", line);
    free(r.first);
    free(r.gold);
    free(r.predicted);
    free(r.names);
}

Test(report, as_seqeval_and_scikit_learn_print_it)
{
    FILE *file = fopen(QSC_GOLDEN "/reports.jsonl", "r");
    cr_assert_not_null(file);
    size_t line = 0;
    for (json_t *row; (row = json_loadf(file, JSON_DISABLE_EOF_CHECK, NULL)) != NULL; json_decref(row))
        check_case(row, ++line);
    cr_assert_eq(line, 54);
    fclose(file);
}

static const char *const names[] = {"O", "B-X", "I-X"};
static const size_t first[] = {0, 2, 3};
static const int32_t gold[] = {1, 2, 0}, predicted[] = {1, 2, 2};
static const struct qsc_tagging small = {2, first, gold, predicted, names, 3};

Test(report, without_an_entity)
{
    static const int32_t outside[] = {0, 0, 0};
    const struct qsc_tagging t = {2, first, outside, outside, names, 3};
    char *text;
    cr_assert_eq(qsc_report_entity_text(&text, &t, 2, NULL), 0);
    cr_assert_str_eq(text, "              precision    recall  f1-score   support\n\n\n"
                           "   micro avg       0.00      0.00      0.00         0\n"
                           "   macro avg       0.00      0.00      0.00         0\n"
                           "weighted avg       0.00      0.00      0.00         0\n");
    qsc_free(text);
}

Test(report, what_is_refused)
{
    struct qsc_error err;
    char *text;
    struct qsc_scores micro;
    struct qsc_tagging t = small;
    t.label_count = 2;
    cr_assert_eq(qsc_report_entities(&micro, &t, &err), EINVAL);
    cr_assert_str_eq(err.text, "word 1: label 2 or 2 is not among the 2 labels");
    t = small;
    t.sentences = 0;
    cr_assert_eq(qsc_report_token_text(&text, &t, 4, &err), EINVAL);
    cr_assert_str_eq(err.text, "no words to report on");
    cr_assert_eq(qsc_report_entity_text(&text, &small, 16, &err), EINVAL);
    cr_assert_str_eq(err.text, "16 digits are out of range 0 .. 15");
}

static int report_all(void *context)
{
    (void)context;
    struct qsc_scores micro;
    char *text = NULL;
    int code = qsc_report_entities(&micro, &small, NULL);
    if (code == 0)
        code = qsc_report_entity_text(&text, &small, 4, NULL);
    if (code)
        return code;
    qsc_free(text);
    code = qsc_report_token_text(&text, &small, 4, NULL);
    if (code == 0)
        qsc_free(text);
    return code;
}

Test(report, every_allocation_may_fail)
{
    cr_assert_gt(fail_each_allocation(report_all, NULL), 6);
}
