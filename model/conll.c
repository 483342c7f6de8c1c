#include <quiesce/model/conll.h>

#include <quiesce/concurrency/alloc.h>
#include <quiesce/model/file.h>
#include <quiesce/model/trie.h>
#include <quiesce/model/unicode.h>

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_BYTES_MAX = 1 << 20, LABELS_MAX = 32767 };
static const size_t file_bytes_max = (size_t)2 << 30;

struct parser {
    struct qsc_corpus *corpus;
    const char *name;
    struct qsc_error *err;
    size_t line;      // number of the current line
    size_t columns;   // of the first word line; 0 = none yet
    const char *type; // of the entity that the previous word of the sentence belongs to, or NULL
    struct qsc_trie labels;
    size_t word_capacity, sentence_capacity, label_capacity;
};

static int out_of_memory(const struct parser *p)
{
    return qsc_fail(p->err, ENOMEM, "%s:%zu: out of memory for the corpus", p->name, p->line);
}

static size_t larger(size_t capacity)
{
    return capacity ? 2 * capacity : 64;
}

static int reserve_word(struct parser *p)
{
    struct qsc_corpus *c = p->corpus;
    if (c->words < p->word_capacity)
        return 0;
    if (c->words >= INT32_MAX / 2)
        return qsc_fail(p->err, EINVAL, "%s:%zu: over %d words are too many; split the file", p->name,
                        p->line, INT32_MAX / 2);
    const char **text = qsc_realloc(c->text, larger(p->word_capacity) * sizeof *text);
    if (!text)
        return out_of_memory(p);
    c->text = text;
    int32_t *labels = qsc_realloc(c->labels, larger(p->word_capacity) * sizeof *labels);
    if (!labels)
        return out_of_memory(p);
    c->labels = labels;
    p->word_capacity = larger(p->word_capacity);
    return 0;
}

static int end_sentence(struct parser *p)
{
    struct qsc_corpus *c = p->corpus;
    p->type = NULL;
    if (c->words == (c->first ? c->first[c->sentences] : 0))
        return 0;
    if (!c->first || c->sentences + 1 >= p->sentence_capacity) {
        size_t *first = qsc_realloc(c->first, larger(p->sentence_capacity) * sizeof *first);
        if (!first)
            return out_of_memory(p);
        first[0] = 0;
        c->first = first;
        p->sentence_capacity = larger(p->sentence_capacity);
    }
    c->first[++c->sentences] = c->words;
    return 0;
}

static int add_label(struct parser *p, const char *label, int32_t *id)
{
    struct qsc_corpus *c = p->corpus;
    const uint32_t node = qsc_trie_find(&p->labels, label);
    *id = node == QSC_TRIE_ROOT ? -1 : qsc_trie_id(&p->labels, node);
    if (*id >= 0)
        return 0;
    if (c->label_count == LABELS_MAX)
        return qsc_fail(p->err, EINVAL, "%s:%zu: over %d different labels; is the last column the label?",
                        p->name, p->line, LABELS_MAX);
    if ((size_t)c->label_count == p->label_capacity) {
        const char **names = qsc_realloc(c->names, larger(p->label_capacity) * sizeof *names);
        if (!names)
            return out_of_memory(p);
        c->names = names;
        size_t *lines = qsc_realloc(c->name_lines, larger(p->label_capacity) * sizeof *lines);
        if (!lines)
            return out_of_memory(p);
        c->name_lines = lines;
        p->label_capacity = larger(p->label_capacity);
    }
    if (qsc_trie_add(&p->labels, label, strlen(label), c->label_count))
        return out_of_memory(p);
    c->names[c->label_count] = label;
    c->name_lines[c->label_count] = p->line;
    *id = c->label_count++;
    return 0;
}

// Makes the label IOB2: an I that does not go on with the previous word's entity begins one.
static int convert_label(struct parser *p, char *label)
{
    const bool outside = strcmp(label, "O") == 0;
    const bool tagged = (*label == 'B' || *label == 'I') && (!label[1] || (label[1] == '-' && label[2]));
    if (!outside && !tagged)
        return qsc_fail(p->err, EINVAL,
                        "%s:%zu: label '%.40s' is none of O, B, I, B-TYPE, I-TYPE; convert the file to IOB2",
                        p->name, p->line, label);
    if (*label == 'I' && !(p->type && strcmp(p->type, label + 1) == 0))
        *label = 'B';
    p->type = outside ? NULL : label + 1;
    return 0;
}

static int add_word(struct parser *p, char *word, char *label)
{
    struct qsc_corpus *c = p->corpus;
    int status = convert_label(p, label);
    if (status == 0)
        status = reserve_word(p);
    if (status == 0)
        status = add_label(p, label, &c->labels[c->words]);
    if (status)
        return status;
    c->text[c->words++] = word;
    return 0;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

// Cuts a line in place into its first column and its last. Returns how many columns there are.
static size_t cut_columns(const struct parser *p, char *line, char **label)
{
    const char separator = strchr(line, '\t') ? '\t' : ' ';
    char *first = strchr(line, separator), *last = strrchr(line, separator);
    *label = last ? last + 1 : line;
    if (!first)
        return 1;
    if (separator == '\t' && p->columns == 2)
        first = last; // whatever stands before the label is the word
    size_t columns = 2;
    for (const char *c = first + 1; c < last; c++)
        columns += separator == '\t' ? *c == '\t' : *c != ' ' && c[1] == ' ';
    if (separator == '\t' && first < last)
        columns++;
    *first = '\0';
    return columns;
}

static int check_line(const struct parser *p, const char *line, size_t length)
{
    if (length > LINE_BYTES_MAX)
        return qsc_fail(p->err, EINVAL, "%s:%zu: the line is longer than %d KiB; expected one word a line",
                        p->name, p->line, LINE_BYTES_MAX >> 10);
    const size_t valid = qsc_unicode_valid(line, length);
    const char *nul = memchr(line, '\0', valid);
    if (nul)
        return qsc_fail(p->err, EINVAL, "%s:%zu: byte %zu is NUL; is this a text file in UTF-8?", p->name,
                        p->line, (size_t)(nul - line) + 1);
    if (valid < length)
        return qsc_fail(p->err, EINVAL, "%s:%zu: byte %zu is not UTF-8; convert the file to UTF-8", p->name,
                        p->line, valid + 1);
    return 0;
}

static int parse_line(struct parser *p, char *line, size_t length)
{
    static const char docstart[] = "-DOCSTART-";
    const int status = check_line(p, line, length);
    if (status)
        return status;
    while (length > 0 && is_blank(line[length - 1]))
        length--;
    line[length] = '\0';
    const size_t named = sizeof docstart - 1;
    const bool starts = strncmp(line, docstart, named) == 0 && (!line[named] || is_blank(line[named]));
    if (length == 0 || starts)
        return end_sentence(p);
    char *label;
    const size_t columns = cut_columns(p, line, &label);
    if (columns < 2)
        return qsc_fail(p->err, EINVAL,
                        "%s:%zu: '%.40s' has no label; expected a word and, in the last column, its label",
                        p->name, p->line, line);
    if (p->columns && columns != p->columns)
        return qsc_fail(p->err, EINVAL,
                        "%s:%zu: %zu columns where the lines before have %zu; separate columns by one tab",
                        p->name, p->line, columns, p->columns);
    p->columns = columns;
    return add_word(p, line, label);
}

struct name_order {
    const char *name;
    size_t line;
    int32_t id;
};

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const struct name_order *)a)->name, ((const struct name_order *)b)->name);
}

// Numbers the labels in the byte order of their names, not of their appearance.
static int sort_labels(struct parser *p)
{
    struct qsc_corpus *c = p->corpus;
    const size_t count = (size_t)c->label_count;
    struct name_order *order = qsc_alloc(count * sizeof *order);
    int32_t *renamed = qsc_alloc(count * sizeof *renamed);
    if (order && renamed) {
        for (size_t i = 0; i < count; i++)
            order[i] = (struct name_order){c->names[i], c->name_lines[i], (int32_t)i};
        qsort(order, count, sizeof *order, compare_names);
        for (size_t i = 0; i < count; i++) {
            c->names[i] = order[i].name;
            c->name_lines[i] = order[i].line;
            renamed[order[i].id] = (int32_t)i;
        }
        for (size_t i = 0; i < c->words; i++)
            c->labels[i] = renamed[c->labels[i]];
    }
    const int status = order && renamed ? 0 : out_of_memory(p);
    qsc_free(order);
    qsc_free(renamed);
    return status;
}

static int parse(struct parser *p, size_t bytes)
{
    char *at = p->corpus->arena, *end = at + bytes;
    if (bytes >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0)
        at += 3; // byte order mark
    while (at < end) {
        char *line_end = memchr(at, '\n', (size_t)(end - at));
        if (!line_end)
            line_end = end;
        p->line++;
        const int status = parse_line(p, at, (size_t)(line_end - at));
        if (status)
            return status;
        at = line_end + 1;
    }
    const int status = end_sentence(p);
    if (status)
        return status;
    if (p->corpus->sentences == 0)
        return qsc_fail(p->err, EINVAL,
                        "%s: no sentence; expected one word a line with its label in the last column",
                        p->name);
    return sort_labels(p);
}

// Takes data, which was qsc_alloc'ed with a byte to spare behind it.
static int parse_owned(struct qsc_corpus *corpus, char *data, size_t bytes, const char *name,
                       struct qsc_error *err)
{
    *corpus = (struct qsc_corpus){.arena = data, .path = qsc_file_name(name, "")};
    struct parser p = {.corpus = corpus, .name = name, .err = err};
    const int status = corpus->path ? parse(&p, bytes) : out_of_memory(&p);
    qsc_trie_fini(&p.labels);
    if (status)
        qsc_corpus_fini(corpus);
    return status;
}

int qsc_conll_load(struct qsc_corpus *corpus, const char *path, struct qsc_error *err)
{
    *corpus = (struct qsc_corpus){0};
    char *data;
    size_t bytes;
    const int status = qsc_file_read(path, file_bytes_max, &data, &bytes, err);
    return status ? status : parse_owned(corpus, data, bytes, path, err);
}

int qsc_conll_parse(struct qsc_corpus *corpus, const char *data, size_t bytes, const char *name,
                    struct qsc_error *err)
{
    *corpus = (struct qsc_corpus){0};
    char *copy = qsc_alloc(bytes + 1);
    if (!copy)
        return qsc_fail(err, ENOMEM, "%s: out of memory for %zu bytes", name, bytes);
    memcpy(copy, data, bytes);
    return parse_owned(corpus, copy, bytes, name, err);
}

void qsc_corpus_fini(struct qsc_corpus *corpus)
{
    qsc_free(corpus->first);
    qsc_free(corpus->text);
    qsc_free(corpus->labels);
    qsc_free(corpus->names);
    qsc_free(corpus->name_lines);
    qsc_free(corpus->path);
    qsc_free(corpus->arena);
    *corpus = (struct qsc_corpus){0};
}
