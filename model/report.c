#include <quiesce/model/report.h>

#include <quiesce/concurrency/alloc.h>

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DIGITS_MAX = 15, ROW_FIGURES = 150 };

struct counts {
    uint64_t right, predicted, gold;
};

// One row of a report: a class, which is a type of entity or a label.
struct row {
    const char *name;
    struct counts counts;
    struct qsc_scores scores;
};

static int check(const struct qsc_tagging *t, int digits, struct qsc_error *err)
{
    const size_t words = t->sentences ? t->first[t->sentences] : 0;
    if (words == 0)
        return qsc_fail(err, EINVAL, "no words to report on");
    if (digits < 0 || digits > DIGITS_MAX)
        return qsc_fail(err, EINVAL, "%d digits are out of range 0 .. %d", digits, DIGITS_MAX);
    for (size_t i = 0; i < words; i++)
        if (t->gold[i] < 0 || t->gold[i] >= t->label_count || t->predicted[i] < 0 ||
            t->predicted[i] >= t->label_count)
            return qsc_fail(err, EINVAL,
                            "word %zu: label %" PRId32 " or %" PRId32 " is not among the %d labels", i,
                            t->gold[i], t->predicted[i], t->label_count);
    return 0;
}

static double quotient(double numerator, double denominator)
{
    return denominator == 0 ? 0 : numerator / denominator;
}

// numpy's pairwise sum, so that averages agree to the last digit.
static double sum(const double *x, size_t n)
{
    if (n < 8) {
        double s = 0;
        for (size_t i = 0; i < n; i++)
            s += x[i];
        return s;
    }
    if (n > 128) {
        const size_t half = n / 2 - n / 2 % 8;
        return sum(x, half) + sum(x + half, n - half);
    }
    double s[8];
    size_t i;
    for (i = 0; i < 8; i++)
        s[i] = x[i];
    for (; i + 8 <= n; i += 8)
        for (size_t k = 0; k < 8; k++)
            s[k] += x[i + k];
    double all = ((s[0] + s[1]) + (s[2] + s[3])) + ((s[4] + s[5]) + (s[6] + s[7]));
    for (; i < n; i++)
        all += x[i];
    return all;
}

// ---- entities

// A label as seqeval reads it: B-PER is tag B, type PER; a type that is empty is called _.
struct tag {
    char tag;
    int32_t type; // index into the types
};

static const char *type_of(const char *label)
{
    if (!*label)
        return "_";
    const char *dash = strchr(label + 1, '-');
    const char *type = dash ? dash + 1 : label + 1;
    return *type ? type : "_";
}

struct entity_scan {
    struct tag previous;
    size_t begin;
};

// Takes the next tag. Returns whether an entity ended before it: scan->previous.type from *begin. Source:
// conlleval's rules as seqeval has them.
static bool scan_tag(struct entity_scan *scan, struct tag now, size_t position, int32_t *type, size_t *begin)
{
    const char was = scan->previous.tag, is = now.tag;
    const bool other_type = scan->previous.type != now.type;
    const bool inside = was == 'B' || was == 'I', closed = was == 'E' || was == 'S';
    const bool ended = closed || (inside && (is == 'B' || is == 'S' || is == 'O')) ||
                       (was != 'O' && was != '.' && other_type);
    *type = scan->previous.type;
    *begin = scan->begin;
    if (is == 'B' || is == 'S' || ((closed || was == 'O') && (is == 'E' || is == 'I')) ||
        (is != 'O' && is != '.' && other_type))
        scan->begin = position;
    scan->previous = now;
    return ended;
}

struct entity_count {
    const struct qsc_tagging *tagging;
    const struct tag *tags; // (labels)
    struct tag outside;
    struct row *rows; // (types)
    struct entity_scan gold, predicted;
};

static void count_step(struct entity_count *e, struct tag gold, struct tag predicted, size_t position)
{
    int32_t gold_type, predicted_type;
    size_t gold_begin, predicted_begin;
    const bool gold_ended = scan_tag(&e->gold, gold, position, &gold_type, &gold_begin);
    const bool predicted_ended =
        scan_tag(&e->predicted, predicted, position, &predicted_type, &predicted_begin);
    if (gold_ended)
        e->rows[gold_type].counts.gold++;
    if (predicted_ended)
        e->rows[predicted_type].counts.predicted++;
    if (gold_ended && predicted_ended && gold_type == predicted_type && gold_begin == predicted_begin)
        e->rows[gold_type].counts.right++;
}

static void count_all_entities(struct entity_count *e)
{
    const struct qsc_tagging *t = e->tagging;
    e->gold.previous = e->predicted.previous = e->outside;
    for (size_t s = 0; s < t->sentences; s++) {
        for (size_t i = t->first[s]; i < t->first[s + 1]; i++)
            count_step(e, e->tags[t->gold[i]], e->tags[t->predicted[i]], i);
        count_step(e, e->outside, e->outside, t->first[s + 1]);
    }
}

static int compare_rows(const void *a, const void *b)
{
    return strcmp(((const struct row *)a)->name, ((const struct row *)b)->name);
}

// One row for each type that an entity has on either side, sorted; scores as seqeval computes them.
static int entity_rows(struct row **rows, size_t *count, const struct qsc_tagging *t, struct qsc_error *err)
{
    const size_t labels = (size_t)t->label_count;
    struct row *all = qsc_alloc_zeroed(labels + 1, sizeof *all);
    struct tag *tags = qsc_alloc(labels * sizeof *tags);
    if (!all || !tags) {
        qsc_free(all);
        qsc_free(tags);
        return qsc_fail(err, ENOMEM, "out of memory for a report on %zu labels", labels);
    }
    size_t types = 0;
    for (size_t i = 0; i < labels; i++)
        all[types++].name = type_of(t->names[i]);
    all[types++].name = "_";
    qsort(all, types, sizeof *all, compare_rows);
    size_t distinct = 0;
    for (size_t i = 0; i < types; i++)
        if (i == 0 || strcmp(all[distinct - 1].name, all[i].name) != 0)
            all[distinct++].name = all[i].name;
    for (size_t i = 0; i < labels; i++) {
        const struct row key = {.name = type_of(t->names[i])};
        const struct row *found = bsearch(&key, all, distinct, sizeof *all, compare_rows);
        tags[i] = (struct tag){*t->names[i], (int32_t)(found - all)};
    }
    const struct row *nameless =
        bsearch(&(struct row){.name = "_"}, all, distinct, sizeof *all, compare_rows);
    struct entity_count e = {
        .tagging = t, .tags = tags, .rows = all, .outside = {'O', (int32_t)(nameless - all)}};
    count_all_entities(&e);
    qsc_free(tags);
    size_t used = 0;
    for (size_t i = 0; i < distinct; i++)
        if (all[i].counts.gold || all[i].counts.predicted)
            all[used++] = all[i];
    *rows = all;
    *count = used;
    return 0;
}

static void score_entities(struct qsc_scores *scores, const struct counts *c)
{
    const double right = (double)c->right;
    scores->precision = quotient(right, (double)c->predicted);
    scores->recall = quotient(right, (double)c->gold);
    // In this form, not as 2 right / (predicted + gold), seqeval computes it.
    scores->f1 = quotient(2 * scores->precision * scores->recall, scores->precision + scores->recall);
    scores->support = c->gold;
}

static struct counts total(const struct row *rows, size_t count)
{
    struct counts all = {0};
    for (size_t i = 0; i < count; i++) {
        all.right += rows[i].counts.right;
        all.predicted += rows[i].counts.predicted;
        all.gold += rows[i].counts.gold;
    }
    return all;
}

int qsc_report_entities(struct qsc_scores *micro, const struct qsc_tagging *tagging, struct qsc_error *err)
{
    struct row *rows = NULL;
    size_t count = 0;
    int status = check(tagging, 0, err);
    if (status == 0)
        status = entity_rows(&rows, &count, tagging, err);
    if (status)
        return status;
    const struct counts all = total(rows, count);
    score_entities(micro, &all);
    qsc_free(rows);
    return 0;
}

// ---- text

struct text {
    char *bytes;
    size_t length, capacity;
    int width, digits, support_digits;
};

static void __attribute__((format(printf, 2, 3))) append(struct text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    text->length +=
        (size_t)vsnprintf(text->bytes + text->length, text->capacity - text->length, format, arguments);
    va_end(arguments);
}

static int code_points(const char *text)
{
    int count = 0;
    for (; *text; text++)
        count += (*text & 0xc0) != 0x80;
    return count;
}

// Allocates for all rows at once: the name, or what it is padded to, and at most ROW_FIGURES characters of
// figures.
static int begin_text(struct text *text, const struct row *rows, size_t count, int digits,
                      struct qsc_error *err)
{
    size_t longest = 0;
    text->digits = digits;
    text->support_digits = 0;
    text->width = (int)strlen("weighted avg");
    if (text->width < digits)
        text->width = digits;
    for (size_t i = 0; i < count; i++) {
        const int width = code_points(rows[i].name);
        if (text->width < width)
            text->width = width;
        if (longest < strlen(rows[i].name))
            longest = strlen(rows[i].name);
    }
    text->length = 0;
    text->capacity = (count + 8) * (longest + (size_t)text->width + ROW_FIGURES);
    text->bytes = qsc_alloc(text->capacity);
    if (!text->bytes)
        return qsc_fail(err, ENOMEM, "out of memory for a report of %zu rows", count);
    append(text, "%*s  %9s %9s %9s %9s\n\n", text->width, "", "precision", "recall", "f1-score", "support");
    return 0;
}

static void append_row(struct text *text, const char *name, const struct qsc_scores *s)
{
    append(text, "%*s%s  %9.*f %9.*f %9.*f %9.*f\n", text->width - code_points(name), "", name, text->digits,
           s->precision, text->digits, s->recall, text->digits, s->f1, text->support_digits,
           (double)s->support);
}

enum average { MACRO, WEIGHTED };

static double average_of(const struct row *rows, size_t count, size_t field, enum average average,
                         double *terms)
{
    double weights = 0;
    for (size_t i = 0; i < count; i++) {
        const double weight = average == MACRO ? 1 : (double)rows[i].scores.support;
        double value;
        memcpy(&value, (const char *)&rows[i].scores + field, sizeof value);
        terms[i] = weight * value;
        weights += weight;
    }
    return quotient(sum(terms, count), weights);
}

// Appends the rows "macro avg" and "weighted avg".
static int append_averages(struct text *text, const struct row *rows, size_t count, struct qsc_error *err)
{
    static const char *const names[] = {"macro avg", "weighted avg"};
    double *terms = qsc_alloc(count * sizeof *terms);
    if (!terms)
        return qsc_fail(err, ENOMEM, "out of memory for a report of %zu rows", count);
    for (enum average a = MACRO; a <= WEIGHTED; a++) {
        struct qsc_scores scores = {.support = total(rows, count).gold};
        scores.precision = average_of(rows, count, offsetof(struct qsc_scores, precision), a, terms);
        scores.recall = average_of(rows, count, offsetof(struct qsc_scores, recall), a, terms);
        scores.f1 = average_of(rows, count, offsetof(struct qsc_scores, f1), a, terms);
        append_row(text, names[a], &scores);
    }
    qsc_free(terms);
    return 0;
}

static int entity_text(struct text *text, struct row *rows, size_t count, int digits, struct qsc_error *err)
{
    const int status = begin_text(text, rows, count, digits, err);
    if (status)
        return status;
    for (size_t i = 0; i < count; i++) {
        score_entities(&rows[i].scores, &rows[i].counts);
        append_row(text, rows[i].name, &rows[i].scores);
    }
    const struct counts all = total(rows, count);
    struct qsc_scores micro;
    score_entities(&micro, &all);
    append(text, "\n");
    append_row(text, "micro avg", &micro);
    return append_averages(text, rows, count, err);
}

static int token_text(struct text *text, struct row *rows, size_t count, int digits, struct qsc_error *err)
{
    const int status = begin_text(text, rows, count, digits, err);
    if (status)
        return status;
    // scikit-learn counts in floating point when nothing at all is right, and prints the support so.
    const struct counts all = total(rows, count);
    text->support_digits = all.right == 0;
    for (size_t i = 0; i < count; i++) {
        const struct counts *c = &rows[i].counts;
        rows[i].scores.precision = quotient((double)c->right, (double)c->predicted);
        rows[i].scores.recall = quotient((double)c->right, (double)c->gold);
        rows[i].scores.f1 = quotient(2 * (double)c->right, (double)c->gold + (double)c->predicted);
        rows[i].scores.support = c->gold;
        append_row(text, rows[i].name, &rows[i].scores);
    }
    append(text, "\n%*s  %9s %9s %9.*f %9.*f\n", text->width, "accuracy", "", "", text->digits,
           quotient((double)all.right, (double)all.gold), text->support_digits, (double)all.gold);
    return append_averages(text, rows, count, err);
}

// One row for each label that occurs on either side, sorted.
static int token_rows(struct row **rows, size_t *count, const struct qsc_tagging *t, struct qsc_error *err)
{
    struct row *all = qsc_alloc_zeroed((size_t)t->label_count, sizeof *all);
    if (!all)
        return qsc_fail(err, ENOMEM, "out of memory for a report on %d labels", t->label_count);
    for (int i = 0; i < t->label_count; i++)
        all[i].name = t->names[i];
    for (size_t i = 0; i < t->first[t->sentences]; i++) {
        all[t->gold[i]].counts.gold++;
        all[t->predicted[i]].counts.predicted++;
        all[t->gold[i]].counts.right += t->gold[i] == t->predicted[i];
    }
    size_t used = 0;
    for (int i = 0; i < t->label_count; i++)
        if (all[i].counts.gold || all[i].counts.predicted)
            all[used++] = all[i];
    qsort(all, used, sizeof *all, compare_rows);
    *rows = all;
    *count = used;
    return 0;
}

typedef int rows_function(struct row **, size_t *, const struct qsc_tagging *, struct qsc_error *);
typedef int text_function(struct text *, struct row *, size_t, int, struct qsc_error *);

static int report(char **out, const struct qsc_tagging *tagging, int digits, rows_function *make_rows,
                  text_function *make_text, struct qsc_error *err)
{
    struct row *rows = NULL;
    size_t count = 0;
    int status = check(tagging, digits, err);
    if (status == 0)
        status = make_rows(&rows, &count, tagging, err);
    if (status)
        return status;
    struct text text = {0};
    status = make_text(&text, rows, count, digits, err);
    qsc_free(rows);
    if (status)
        qsc_free(text.bytes);
    else
        *out = text.bytes;
    return status;
}

int qsc_report_entity_text(char **text, const struct qsc_tagging *tagging, int digits, struct qsc_error *err)
{
    return report(text, tagging, digits, entity_rows, entity_text, err);
}

int qsc_report_token_text(char **text, const struct qsc_tagging *tagging, int digits, struct qsc_error *err)
{
    return report(text, tagging, digits, token_rows, token_text, err);
}
