#include <quiesce/model/window.h>

#include <quiesce/concurrency/alloc.h>

#include <errno.h>
#include <string.h>

// A window of the sentence at hand: words [begin, end).
struct span {
    size_t begin, end;
};

static int reserve_words(struct qsc_windows *w, size_t count)
{
    if (count < w->word_capacity)
        return 0;
    const size_t capacity = 2 * count + 64;
    size_t *piece_first = qsc_realloc(w->piece_first, (capacity + 1) * sizeof *piece_first);
    if (!piece_first)
        return ENOMEM;
    w->piece_first = piece_first;
    struct qsc_best *best = qsc_realloc(w->best, capacity * sizeof *best);
    if (!best)
        return ENOMEM;
    w->best = best;
    w->word_capacity = capacity;
    return 0;
}

static int reserve_window(struct qsc_windows *w, size_t tokens)
{
    if (w->count + 1 >= w->window_capacity) {
        const size_t capacity = 2 * w->window_capacity + 64;
        size_t *first = qsc_realloc(w->first, capacity * sizeof *first);
        if (!first)
            return ENOMEM;
        first[0] = 0;
        w->first = first;
        size_t *sentence = qsc_realloc(w->sentence, capacity * sizeof *sentence);
        if (!sentence)
            return ENOMEM;
        w->sentence = sentence;
        w->window_capacity = capacity;
    }
    if (w->token_capacity - w->tokens < tokens) {
        const size_t capacity = 2 * w->token_capacity + tokens;
        int32_t *ids = qsc_realloc(w->ids, capacity * sizeof *ids);
        if (!ids)
            return ENOMEM;
        w->ids = ids;
        int32_t *words = qsc_realloc(w->words, capacity * sizeof *words);
        if (!words)
            return ENOMEM;
        w->words = words;
        w->token_capacity = capacity;
    }
    return 0;
}

// Tokenises the words; one with more than max_pieces keeps the first of them.
static int encode_words(struct qsc_windows *w, const qsc_tokenizer *tokenizer, const char *const *words,
                        size_t count, size_t max_pieces, struct qsc_error *err)
{
    qsc_encoding_clear(&w->pieces);
    w->piece_first[0] = 0;
    for (size_t i = 0; i < count; i++) {
        const int status = qsc_tokenizer_encode(tokenizer, words[i], strlen(words[i]), &w->pieces, err);
        if (status)
            return status;
        if (w->pieces.count - w->piece_first[i] > max_pieces)
            w->pieces.count = w->piece_first[i] + max_pieces;
        w->piece_first[i + 1] = w->pieces.count;
    }
    return 0;
}

// The window from word `begin` on: as many words as fit.
static struct span span_from(const size_t *piece_first, size_t count, size_t begin, size_t max_pieces)
{
    size_t end = begin;
    while (end < count && piece_first[end + 1] - piece_first[begin] <= max_pieces)
        end++;
    return (struct span){begin, end};
}

// The window after one that ends before the sentence does: it begins half a window further on, at least one
// word; the last one as early as it can, so that its words have all the context there is room for.
static struct span next_span(const size_t *piece_first, size_t count, struct span span, size_t max_pieces)
{
    const size_t half = piece_first[span.begin] + max_pieces / 2;
    size_t begin = span.begin + 1;
    while (piece_first[begin] == piece_first[span.begin]) // words without pieces are no step
        begin++;
    while (begin < span.end && piece_first[begin + 1] <= half)
        begin++;
    struct span next = span_from(piece_first, count, begin, max_pieces);
    while (next.end == count && piece_first[count] - piece_first[next.begin - 1] <= max_pieces)
        next.begin--;
    return next;
}

// Pieces between a word and the nearer edge of the window; the sentence's own edges do not count.
static size_t context_of(const size_t *piece_first, size_t count, struct span span, size_t word)
{
    const size_t left = piece_first[span.begin] == 0 ? SIZE_MAX : piece_first[word] - piece_first[span.begin];
    const size_t right = span.end == count ? SIZE_MAX : piece_first[span.end] - piece_first[word + 1];
    return left < right ? left : right;
}

static int emit(struct qsc_windows *w, const qsc_tokenizer *tokenizer, struct span span, size_t sentence,
                size_t first_word)
{
    const size_t tokens = w->piece_first[span.end] - w->piece_first[span.begin] + 2;
    if (reserve_window(w, tokens))
        return ENOMEM;
    int32_t *ids = w->ids + w->tokens, *words = w->words + w->tokens;
    size_t at = 0;
    ids[at] = qsc_tokenizer_cls(tokenizer);
    words[at++] = -1;
    for (size_t word = span.begin; word < span.end; word++) {
        for (size_t piece = w->piece_first[word]; piece < w->piece_first[word + 1]; piece++) {
            ids[at] = w->pieces.ids[piece];
            words[at++] = piece == w->piece_first[word] ? (int32_t)(first_word + word) : -1;
        }
    }
    ids[at] = qsc_tokenizer_sep(tokenizer);
    words[at] = -1;
    w->tokens += tokens;
    w->sentence[w->count] = sentence;
    w->first[++w->count] = w->tokens;
    return 0;
}

// Notes for each word of a new window whether it has more context there than in the windows before.
static void compare_context(struct qsc_windows *w, size_t count, struct span span)
{
    for (size_t word = span.begin; word < span.end; word++) {
        const size_t context = context_of(w->piece_first, count, span, word);
        struct qsc_best *best = &w->best[word];
        if (best->window == SIZE_MAX || context > best->context)
            *best = (struct qsc_best){w->count, context};
    }
}

static int cut_sentence(struct qsc_windows *w, const qsc_tokenizer *tokenizer, size_t count, size_t sentence,
                        size_t first_word, size_t max_pieces)
{
    const size_t first_window = w->count;
    for (size_t word = 0; word < count; word++)
        w->best[word].window = SIZE_MAX;
    struct span span = span_from(w->piece_first, count, 0, max_pieces);
    for (;;) {
        compare_context(w, count, span);
        if (emit(w, tokenizer, span, sentence, first_word))
            return ENOMEM;
        if (span.end == count)
            break;
        span = next_span(w->piece_first, count, span, max_pieces);
    }
    // Each word's number stays only where it has most context.
    for (size_t window = first_window; window < w->count; window++)
        for (size_t t = w->first[window]; t < w->first[window + 1]; t++)
            if (w->words[t] >= 0 && w->best[(size_t)w->words[t] - first_word].window != window)
                w->words[t] = -1;
    return 0;
}

int qsc_windows_add(struct qsc_windows *w, const qsc_tokenizer *tokenizer, const char *const *words,
                    size_t count, size_t sentence, size_t first_word, int max_tokens, struct qsc_error *err)
{
    const size_t max_pieces = (size_t)max_tokens - 2, windows = w->count, tokens = w->tokens;
    if (reserve_words(w, count))
        return qsc_fail(err, ENOMEM, "out of memory for a sentence of %zu words", count);
    int status = encode_words(w, tokenizer, words, count, max_pieces, err);
    if (status || w->pieces.count == 0)
        return status;
    status = cut_sentence(w, tokenizer, count, sentence, first_word, max_pieces);
    if (status) {
        w->count = windows;
        w->tokens = tokens;
        return qsc_fail(err, status, "out of memory for a sentence of %zu words", count);
    }
    return 0;
}

void qsc_windows_clear(struct qsc_windows *w)
{
    w->count = w->tokens = 0;
}

void qsc_windows_fini(struct qsc_windows *w)
{
    qsc_free(w->first);
    qsc_free(w->sentence);
    qsc_free(w->ids);
    qsc_free(w->words);
    qsc_free(w->piece_first);
    qsc_free(w->best);
    qsc_encoding_fini(&w->pieces);
    *w = (struct qsc_windows){0};
}
