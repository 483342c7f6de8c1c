#include <quiesce/model/pretokenizer.h>

#include <quiesce/concurrency/alloc.h>
#include <quiesce/model/unicode.h>

#include <errno.h>

// A combining mark that waits for its place in canonical order.
struct qsc_mark {
    uint32_t c;
    int32_t source;
    uint8_t class;
    bool follows; // not the first of its decomposition
};

static int end_word(struct qsc_pretokenizer *p)
{
    if (p->word.chars == 0)
        return 0;
    const int status = p->take_word(p->context, &p->word);
    p->word.chars = 0;
    p->word.bytes = 0;
    return status;
}

static void extend_word(struct qsc_word *word, uint32_t c, int32_t source)
{
    if (word->chars == 0)
        word->first = source;
    word->last = source;
    if (word->chars++ >= QSC_WORD_CHARS_MAX)
        return;
    const int length = qsc_unicode_write(word->text + word->bytes, c);
    for (int i = 0; i < length; i++)
        word->source[word->bytes++] = source;
}

// Takes a code point that is cleaned, decomposed and in its canonical place.
static int take_ordered(struct qsc_pretokenizer *p, uint32_t c, int32_t source)
{
    p->previous = source;
    if (p->lowercase) {
        if (qsc_unicode_is_mark(c))
            return 0;
        c = qsc_unicode_lower(c);
    }
    if (!qsc_unicode_is_punctuation(c)) {
        extend_word(&p->word, c, source);
        return 0;
    }
    const int status = end_word(p);
    if (status)
        return status;
    extend_word(&p->word, c, source);
    return end_word(p);
}

static bool in_order(const struct qsc_mark *marks, size_t count)
{
    for (size_t i = 1; i < count; i++)
        if (marks[i - 1].class > marks[i].class)
            return false;
    return true;
}

// Sorts marks by combining class, equal ones in the order they came.
static void sort_marks(struct qsc_mark *sorted, const struct qsc_mark *marks, size_t count)
{
    size_t next[257] = {0}; // where the next mark of each class goes
    for (size_t i = 0; i < count; i++)
        next[marks[i].class + 1]++;
    for (size_t i = 1; i < 257; i++)
        next[i] += next[i - 1];
    for (size_t i = 0; i < count; i++)
        sorted[next[marks[i].class]++] = marks[i];
    // tokenizers aligns by position, not by character: the i-th mark that begins a decomposition gets the
    // i-th source, whichever mark it now is; the others get that of the code point that now stands before
    // them.
    size_t unused = 0;
    for (size_t i = 0; i < count; i++) {
        if (sorted[i].follows) {
            sorted[i].source = -1;
            continue;
        }
        while (marks[unused].follows)
            unused++;
        sorted[i].source = marks[unused++].source;
    }
}

static int end_marks(struct qsc_pretokenizer *p)
{
    const struct qsc_mark *marks = p->marks;
    const size_t count = p->mark_count;
    p->mark_count = 0;
    if (!in_order(marks, count)) {
        sort_marks(p->marks + p->mark_capacity, marks, count);
        marks = p->marks + p->mark_capacity;
    }
    for (size_t i = 0; i < count; i++) {
        const int status = take_ordered(p, marks[i].c, marks[i].source < 0 ? p->previous : marks[i].source);
        if (status)
            return status;
    }
    return 0;
}

static int add_mark(struct qsc_pretokenizer *p, struct qsc_mark mark)
{
    if (p->mark_count == p->mark_capacity) {
        const size_t capacity = p->mark_capacity ? 2 * p->mark_capacity : 32;
        struct qsc_mark *marks = qsc_realloc(p->marks, 2 * capacity * sizeof *marks);
        if (!marks)
            return ENOMEM;
        p->marks = marks;
        p->mark_capacity = capacity;
    }
    p->marks[p->mark_count++] = mark;
    return 0;
}

static int take_clean(struct qsc_pretokenizer *p, uint32_t c, int32_t source)
{
    if (!p->lowercase)
        return take_ordered(p, c, source);
    uint32_t parts[QSC_UNICODE_DECOMPOSED_MAX];
    const int count = qsc_unicode_decompose(c, parts);
    for (int i = 0; i < count; i++) {
        const int class = qsc_unicode_combining_class(parts[i]);
        int status;
        if (class) {
            status = add_mark(p, (struct qsc_mark){parts[i], source, (uint8_t) class, i > 0});
        } else {
            status = end_marks(p);
            if (status == 0)
                status = take_ordered(p, parts[i], source);
        }
        if (status)
            return status;
    }
    return 0;
}

void qsc_pretokenizer_init(struct qsc_pretokenizer *p, bool lowercase,
                           int (*take_word)(void *context, const struct qsc_word *word), void *context)
{
    p->lowercase = lowercase;
    p->take_word = take_word;
    p->context = context;
    p->marks = NULL;
    p->mark_count = p->mark_capacity = 0;
    p->previous = 0;
    p->word.chars = p->word.bytes = 0; // its arrays, 2 kB, are written before they are read
}

int qsc_pretokenizer_take(struct qsc_pretokenizer *p, uint32_t c, int32_t source)
{
    if (qsc_unicode_is_space(c))
        return qsc_pretokenizer_end(p);
    if (qsc_unicode_is_removed(c))
        return 0;
    if (!qsc_unicode_is_ideograph(c))
        return take_clean(p, c, source);
    int status = qsc_pretokenizer_end(p);
    if (status == 0)
        status = take_clean(p, c, source);
    return status ? status : qsc_pretokenizer_end(p);
}

int qsc_pretokenizer_end(struct qsc_pretokenizer *p)
{
    const int status = end_marks(p);
    return status ? status : end_word(p);
}

void qsc_pretokenizer_fini(struct qsc_pretokenizer *p)
{
    qsc_free(p->marks);
    p->marks = NULL;
    p->mark_capacity = 0;
}
