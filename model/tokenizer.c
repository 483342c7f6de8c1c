#include <quiesce/model/tokenizer.h>

#include <quiesce/concurrency/alloc.h>
#include <quiesce/model/file.h>
#include <quiesce/model/pretokenizer.h>
#include <quiesce/model/trie.h>
#include <quiesce/model/unicode.h>

#include <errno.h>
#include <string.h>

enum {
    VOCABULARY_BYTES_MAX = 64 << 20,
    SPECIALS = 5,
};

struct qsc_tokenizer {
    bool lowercase;
    int pieces;
    char *text;         // the vocabulary, a NUL after each piece
    const char **piece; // (pieces)
    struct qsc_trie trie;
    uint32_t continuation; // node of "##", where pieces inside a word begin; QSC_TRIE_ROOT = there is none
    int32_t unk, cls, sep;
    struct special {
        const char *text;
        size_t bytes;
        int32_t id;
    } specials[SPECIALS]; // those that the vocabulary has
    int special_count;
};

static const char *const special_names[SPECIALS] = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};

// ---- vocabulary

// What Rust's trim_end takes off a line: White_Space, the controls in it included.
static bool is_trimmed(uint32_t c)
{
    return qsc_unicode_is_space(c) || c == '\v' || c == '\f' || c == 0x85;
}

// Ends the line text[0..bytes), which is UTF-8, with a NUL after its last character that is no white space.
static size_t trim(char *text, size_t bytes)
{
    size_t kept = 0;
    for (size_t at = 0; at < bytes;) {
        uint32_t c;
        at += (size_t)qsc_unicode_read(&c, text + at, bytes - at);
        if (!is_trimmed(c))
            kept = at;
    }
    text[kept] = '\0';
    return kept;
}

static int add_pieces(qsc_tokenizer *t, size_t bytes)
{
    size_t lines = 0;
    for (size_t i = 0; i < bytes; i++)
        lines += t->text[i] == '\n' || i == bytes - 1;
    t->piece = qsc_alloc(lines * sizeof *t->piece);
    if (!t->piece)
        return ENOMEM;
    for (char *line = t->text, *end = t->text + bytes; line < end;) {
        char *line_end = memchr(line, '\n', (size_t)(end - line));
        if (!line_end)
            line_end = end;
        const size_t length = trim(line, (size_t)(line_end - line));
        if (qsc_trie_add(&t->trie, line, length, t->pieces))
            return ENOMEM;
        t->piece[t->pieces++] = line;
        line = line_end + 1;
    }
    return 0;
}

static int check_vocabulary(const char *vocab, size_t bytes, const char *name, struct qsc_error *err)
{
    if (bytes == 0)
        return qsc_fail(err, EINVAL, "%s: the vocabulary is empty; expected one piece a line", name);
    if (bytes > VOCABULARY_BYTES_MAX)
        return qsc_fail(err, EINVAL, "%s: %zu bytes are too many for a vocabulary (at most %d)", name, bytes,
                        VOCABULARY_BYTES_MAX);
    const size_t valid = qsc_unicode_valid(vocab, bytes);
    const char *nul = memchr(vocab, '\0', bytes);
    if (valid == bytes && !nul)
        return 0;
    const size_t bad = nul && nul < vocab + valid ? (size_t)(nul - vocab) : valid;
    size_t line = 1, column = 1;
    for (size_t i = 0; i < bad; i++) {
        column = vocab[i] == '\n' ? 1 : column + 1;
        line += vocab[i] == '\n';
    }
    return qsc_fail(err, EINVAL, "%s:%zu: byte %zu is %s; a vocabulary is UTF-8 text, one piece a line", name,
                    line, column, bad == valid ? "not UTF-8" : "NUL");
}

static void find_specials(qsc_tokenizer *t)
{
    for (int i = 0; i < SPECIALS; i++) {
        const int32_t id = qsc_tokenizer_id(t, special_names[i]);
        if (id >= 0)
            t->specials[t->special_count++] =
                (struct special){special_names[i], strlen(special_names[i]), id};
    }
    t->unk = qsc_tokenizer_id(t, "[UNK]");
    t->cls = qsc_tokenizer_id(t, "[CLS]");
    t->sep = qsc_tokenizer_id(t, "[SEP]");
    t->continuation = qsc_trie_find(&t->trie, "##");
}

int qsc_tokenizer_create(qsc_tokenizer **tokenizer, const char *vocab, size_t bytes, const char *name,
                         bool lowercase, struct qsc_error *err)
{
    int status = check_vocabulary(vocab, bytes, name, err);
    if (status)
        return status;
    qsc_tokenizer *t = qsc_alloc_zeroed(1, sizeof *t);
    if (!t)
        return qsc_fail(err, ENOMEM, "%s: out of memory", name);
    t->lowercase = lowercase;
    t->text = qsc_alloc(bytes + 1);
    if (t->text) {
        memcpy(t->text, vocab, bytes);
        status = add_pieces(t, bytes);
    }
    if (!t->text || status) {
        qsc_tokenizer_destroy(t);
        return qsc_fail(err, ENOMEM, "%s: out of memory for the vocabulary", name);
    }
    find_specials(t);
    if (t->unk < 0) {
        qsc_tokenizer_destroy(t);
        return qsc_fail(err, EINVAL, "%s: no piece [UNK]; is this the vocab.txt of a BERT model?", name);
    }
    *tokenizer = t;
    return 0;
}

int qsc_tokenizer_load(qsc_tokenizer **tokenizer, const char *path, bool lowercase, struct qsc_error *err)
{
    char *vocab;
    size_t bytes;
    int status = qsc_file_read(path, VOCABULARY_BYTES_MAX, &vocab, &bytes, err);
    if (status)
        return status;
    status = qsc_tokenizer_create(tokenizer, vocab, bytes, path, lowercase, err);
    qsc_free(vocab);
    return status;
}

void qsc_tokenizer_destroy(qsc_tokenizer *t)
{
    if (!t)
        return;
    qsc_trie_fini(&t->trie);
    qsc_free(t->piece);
    qsc_free(t->text);
    qsc_free(t);
}

int qsc_tokenizer_pieces(const qsc_tokenizer *t)
{
    return t->pieces;
}

const char *qsc_tokenizer_piece(const qsc_tokenizer *t, int32_t id)
{
    return t->piece[id];
}

int32_t qsc_tokenizer_id(const qsc_tokenizer *t, const char *piece)
{
    const uint32_t node = qsc_trie_find(&t->trie, piece);
    return node == QSC_TRIE_ROOT && *piece ? -1 : qsc_trie_id(&t->trie, node);
}

int32_t qsc_tokenizer_cls(const qsc_tokenizer *t)
{
    return t->cls;
}

int32_t qsc_tokenizer_sep(const qsc_tokenizer *t)
{
    return t->sep;
}

// ---- encoding

struct encoder {
    const qsc_tokenizer *tokenizer;
    struct qsc_encoding *out;
    int32_t words;
};

static int reserve_pieces(struct qsc_encoding *out, size_t more)
{
    if (out->capacity - out->count >= more)
        return 0;
    const size_t capacity = 2 * out->capacity + more;
    int32_t *ids = qsc_realloc(out->ids, capacity * sizeof *ids);
    if (!ids)
        return ENOMEM;
    out->ids = ids;
    struct qsc_offsets *offsets = qsc_realloc(out->offsets, capacity * sizeof *offsets);
    if (!offsets)
        return ENOMEM;
    out->offsets = offsets;
    int32_t *words = qsc_realloc(out->words, capacity * sizeof *words);
    if (!words)
        return ENOMEM;
    out->words = words;
    out->capacity = capacity;
    return 0;
}

static void add_piece(struct encoder *e, int32_t id, int32_t start, int32_t end)
{
    struct qsc_encoding *out = e->out;
    out->ids[out->count] = id;
    out->offsets[out->count] = (struct qsc_offsets){start, end};
    out->words[out->count] = e->words;
    out->count++;
}

// Cuts the word into the longest pieces from the left; false where no piece fits somewhere.
static bool cut_word(struct encoder *e, const struct qsc_word *word)
{
    const struct qsc_trie *trie = &e->tokenizer->trie;
    for (int start = 0; start < word->bytes;) {
        if (start > 0 && e->tokenizer->continuation == QSC_TRIE_ROOT)
            return false;
        uint32_t node = start == 0 ? QSC_TRIE_ROOT : e->tokenizer->continuation;
        int32_t id = -1;
        int end = start;
        for (int at = start; at < word->bytes; at++) {
            node = qsc_trie_step(trie, node, word->text[at]);
            if (node == QSC_TRIE_ROOT)
                break;
            if (qsc_trie_id(trie, node) >= 0) {
                id = qsc_trie_id(trie, node);
                end = at + 1;
            }
        }
        if (id < 0)
            return false;
        add_piece(e, id, word->source[start], word->source[end - 1] + 1);
        start = end;
    }
    return true;
}

static int take_word(void *context, const struct qsc_word *word)
{
    struct encoder *e = context;
    if (reserve_pieces(e->out, QSC_WORD_CHARS_MAX))
        return ENOMEM;
    const size_t count = e->out->count;
    if (word->chars > QSC_WORD_CHARS_MAX || !cut_word(e, word)) {
        e->out->count = count;
        add_piece(e, e->tokenizer->unk, word->first, word->last + 1);
    }
    e->words++;
    return 0;
}

static const struct special *find_special(const qsc_tokenizer *t, const char *text, size_t bytes)
{
    for (int i = 0; i < t->special_count; i++)
        if (bytes >= t->specials[i].bytes && memcmp(text, t->specials[i].text, t->specials[i].bytes) == 0)
            return &t->specials[i];
    return NULL;
}

static int take_special(struct encoder *e, const struct special *special, int32_t source)
{
    if (reserve_pieces(e->out, 1))
        return ENOMEM;
    add_piece(e, special->id, source, source + (int32_t)special->bytes);
    e->words++;
    return 0;
}

static int encode(struct encoder *e, struct qsc_pretokenizer *p, const char *text, size_t bytes,
                  struct qsc_error *err)
{
    int32_t source = 0;
    int status = 0;
    for (size_t at = 0; at < bytes && status == 0;) {
        const struct special *special =
            text[at] == '[' ? find_special(e->tokenizer, text + at, bytes - at) : NULL;
        if (special) {
            status = qsc_pretokenizer_end(p);
            if (status == 0)
                status = take_special(e, special, source);
            at += special->bytes;
            source += (int32_t)special->bytes;
            continue;
        }
        uint32_t c;
        const int length = qsc_unicode_read(&c, text + at, bytes - at);
        if (length == 0)
            return qsc_fail(err, EILSEQ, "byte %zu is not UTF-8; convert the text to UTF-8", at + 1);
        status = qsc_pretokenizer_take(p, c, source++);
        at += (size_t)length;
    }
    if (status == 0)
        status = qsc_pretokenizer_end(p);
    return status ? qsc_fail(err, status, "out of memory for a text of %zu bytes", bytes) : 0;
}

int qsc_tokenizer_encode(const qsc_tokenizer *tokenizer, const char *text, size_t bytes,
                         struct qsc_encoding *encoding, struct qsc_error *err)
{
    if (bytes > INT32_MAX)
        return qsc_fail(err, EFBIG, "a text of %zu bytes is too long (at most %d)", bytes, INT32_MAX);
    const size_t count = encoding->count;
    struct encoder encoder = {tokenizer, encoding, 0};
    struct qsc_pretokenizer pretokenizer;
    qsc_pretokenizer_init(&pretokenizer, tokenizer->lowercase, take_word, &encoder);
    const int status = encode(&encoder, &pretokenizer, text, bytes, err);
    qsc_pretokenizer_fini(&pretokenizer);
    if (status)
        encoding->count = count;
    return status;
}

void qsc_encoding_clear(struct qsc_encoding *encoding)
{
    encoding->count = 0;
}

void qsc_encoding_fini(struct qsc_encoding *encoding)
{
    qsc_free(encoding->ids);
    qsc_free(encoding->offsets);
    qsc_free(encoding->words);
    *encoding = (struct qsc_encoding){0};
}
