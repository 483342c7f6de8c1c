#include <quiesce/model/vocabulary.h>

#include <quiesce/concurrency/alloc.h>
#include <quiesce/model/pretokenizer.h>
#include <quiesce/model/trie.h>
#include <quiesce/model/unicode.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { PIECES_MIN = 16, SPECIALS = 5 };

static const char *const specials[SPECIALS] = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};

// A distinct word: how often it occurs, and its present pieces sequence[begin .. begin + length).
struct word {
    uint64_t count;
    size_t begin;
    int length;
};

// A distinct character and its two pieces: where it begins a word, and where it continues one.
struct character {
    char text[5];
    bool continues; // occurs inside a word
    uint64_t count;
    int32_t initial, continuation; // -1 = not in the vocabulary
};

struct pair {
    uint64_t key; // (left + 1) << 32 | right; 0 = this slot is free
    uint64_t count;
};

struct builder {
    bool lowercase;
    struct qsc_trie word_ids, character_ids, piece_ids;
    struct word *words;
    size_t word_count, word_capacity;
    int32_t *sequence; // first of character indices, then of pieces
    size_t sequence_length, sequence_capacity;
    struct character *characters;
    size_t character_count, character_capacity;
    char **pieces; // (piece_count): the vocabulary
    size_t piece_count, piece_capacity;
    struct pair *pairs; // (pair_slots), open addressing, at most half of them taken
    size_t pair_slots, pair_count;
};

// Makes room for one more element; false when memory is short.
static bool reserve(void **array, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity)
        return true;
    const size_t larger = 2 * *capacity + 256;
    void *moved = qsc_realloc(*array, larger * size);
    if (!moved)
        return false;
    *array = moved;
    *capacity = larger;
    return true;
}

// ---- words and characters

static int32_t find(const struct qsc_trie *trie, const char *text, int bytes)
{
    uint32_t node = QSC_TRIE_ROOT;
    for (int i = 0; i < bytes; i++) {
        node = qsc_trie_step(trie, node, text[i]);
        if (node == QSC_TRIE_ROOT)
            return -1;
    }
    return qsc_trie_id(trie, node);
}

static int add_character(struct builder *b, const char *text, int bytes)
{
    if (!reserve((void **)&b->characters, b->character_count, &b->character_capacity, sizeof *b->characters))
        return ENOMEM;
    struct character *c = &b->characters[b->character_count];
    *c = (struct character){.initial = -1, .continuation = -1};
    memcpy(c->text, text, (size_t)bytes);
    return qsc_trie_add(&b->character_ids, text, (size_t)bytes, (int32_t)b->character_count++);
}

static int add_word(struct builder *b, const struct qsc_word *word)
{
    if (!reserve((void **)&b->words, b->word_count, &b->word_capacity, sizeof *b->words))
        return ENOMEM;
    struct word *w = &b->words[b->word_count];
    *w = (struct word){0, b->sequence_length, word->chars};
    for (int at = 0; at < word->bytes;) {
        uint32_t c;
        const int length = qsc_unicode_read(&c, word->text + at, (size_t)(word->bytes - at));
        if (find(&b->character_ids, word->text + at, length) < 0 && add_character(b, word->text + at, length))
            return ENOMEM;
        if (!reserve((void **)&b->sequence, b->sequence_length, &b->sequence_capacity, sizeof *b->sequence))
            return ENOMEM;
        const int32_t character = find(&b->character_ids, word->text + at, length);
        b->sequence[b->sequence_length++] = character;
        b->characters[character].continues |= at > 0;
        at += length;
    }
    return qsc_trie_add(&b->word_ids, word->text, (size_t)word->bytes, (int32_t)b->word_count++);
}

static int count_word(void *context, const struct qsc_word *word)
{
    struct builder *b = context;
    if (word->chars > QSC_WORD_CHARS_MAX)
        return 0; // [UNK], whatever the vocabulary
    if (find(&b->word_ids, word->text, word->bytes) < 0 && add_word(b, word))
        return ENOMEM;
    struct word *w = &b->words[find(&b->word_ids, word->text, word->bytes)];
    w->count++;
    for (int i = 0; i < w->length; i++)
        b->characters[b->sequence[w->begin + (size_t)i]].count++;
    return 0;
}

static int count_words(struct builder *b, const struct qsc_corpus *corpus)
{
    struct qsc_pretokenizer p;
    qsc_pretokenizer_init(&p, b->lowercase, count_word, b);
    int status = 0;
    for (size_t i = 0; i < corpus->words && status == 0; i++) {
        const char *text = corpus->text[i];
        const size_t bytes = strlen(text);
        for (size_t at = 0; at < bytes && status == 0;) {
            uint32_t c;
            at += (size_t)qsc_unicode_read(&c, text + at, bytes - at); // a corpus is UTF-8
            status = qsc_pretokenizer_take(&p, c, 0);
        }
        if (status == 0)
            status = qsc_pretokenizer_end(&p);
    }
    qsc_pretokenizer_fini(&p);
    return status;
}

static int compare_characters(const void *a, const void *b)
{
    const struct character *x = *(const struct character *const *)a, *y = *(const struct character *const *)b;
    if (x->count != y->count)
        return x->count > y->count ? -1 : 1;
    return strcmp(x->text, y->text);
}

// ---- pieces

// Makes before + after a piece, unless it is one.
static int add_piece(struct builder *b, const char *before, const char *after, int32_t *id)
{
    if (!reserve((void **)&b->pieces, b->piece_count, &b->piece_capacity, sizeof *b->pieces))
        return ENOMEM;
    const size_t bytes = strlen(before) + strlen(after);
    char *text = qsc_alloc(bytes + 1);
    if (!text)
        return ENOMEM;
    stpcpy(stpcpy(text, before), after);
    *id = find(&b->piece_ids, text, (int)bytes);
    if (*id >= 0) {
        qsc_free(text);
        return 0;
    }
    *id = (int32_t)b->piece_count;
    b->pieces[b->piece_count++] = text;
    return qsc_trie_add(&b->piece_ids, text, bytes, *id);
}

// Makes pieces of the characters, the most frequent first, as long as there is room.
static int add_character_pieces(struct builder *b, size_t pieces)
{
    struct character **order = qsc_alloc(b->character_count * sizeof(struct character *));
    if (!order)
        return ENOMEM;
    for (size_t i = 0; i < b->character_count; i++)
        order[i] = &b->characters[i];
    qsort(order, b->character_count, sizeof(struct character *), compare_characters);
    int status = 0;
    for (size_t i = 0; i < b->character_count && status == 0; i++) {
        struct character *c = order[i];
        if (b->piece_count + 1 + c->continues > pieces)
            break;
        status = add_piece(b, c->text, "", &c->initial);
        if (status == 0 && c->continues)
            status = add_piece(b, "##", c->text, &c->continuation);
    }
    qsc_free(order);
    return status;
}

// Turns the words' characters into pieces; a word with a character that has none drops out.
static void spell_words(struct builder *b)
{
    for (size_t i = 0; i < b->word_count; i++) {
        struct word *w = &b->words[i];
        bool whole = true;
        for (int k = 0; k < w->length; k++) {
            int32_t *at = &b->sequence[w->begin + (size_t)k];
            const struct character *c = &b->characters[*at];
            *at = k ? c->continuation : c->initial;
            whole &= *at >= 0;
        }
        if (!whole)
            w->length = 0;
    }
}

// ---- merges

static struct pair *slot_of(struct pair *pairs, size_t slots, uint64_t key)
{
    size_t at = (size_t)((key * 0x9e3779b97f4a7c15u) >> 32) & (slots - 1); // Fibonacci hashing
    while (pairs[at].key && pairs[at].key != key)
        at = (at + 1) & (slots - 1);
    return &pairs[at];
}

static int grow_pairs(struct builder *b)
{
    const size_t slots = b->pair_slots ? 2 * b->pair_slots : 4096;
    struct pair *pairs = qsc_alloc_zeroed(slots, sizeof *pairs);
    if (!pairs)
        return ENOMEM;
    b->pair_count = 0;
    for (size_t i = 0; i < b->pair_slots; i++) {
        if (b->pairs[i].count) { // what occurs no more is left behind
            *slot_of(pairs, slots, b->pairs[i].key) = b->pairs[i];
            b->pair_count++;
        }
    }
    qsc_free(b->pairs);
    b->pairs = pairs;
    b->pair_slots = slots;
    return 0;
}

static uint64_t key_of(int32_t left, int32_t right)
{
    return ((uint64_t)left + 1) << 32 | (uint32_t)right;
}

static const char *left_of(const struct builder *b, const struct pair *pair)
{
    return b->pieces[(pair->key >> 32) - 1];
}

static const char *right_of(const struct builder *b, const struct pair *pair)
{
    return b->pieces[(uint32_t)pair->key];
}

static int count_pairs(struct builder *b, const struct word *word)
{
    for (int i = 0; i + 1 < word->length; i++) {
        if (2 * b->pair_count >= b->pair_slots && grow_pairs(b))
            return ENOMEM;
        const int32_t *at = &b->sequence[word->begin + (size_t)i];
        struct pair *pair = slot_of(b->pairs, b->pair_slots, key_of(at[0], at[1]));
        b->pair_count += pair->key == 0;
        pair->key = key_of(at[0], at[1]);
        pair->count += word->count;
    }
    return 0;
}

static void discount_pairs(struct builder *b, const struct word *word)
{
    for (int i = 0; i + 1 < word->length; i++) {
        const int32_t *at = &b->sequence[word->begin + (size_t)i];
        slot_of(b->pairs, b->pair_slots, key_of(at[0], at[1]))->count -= word->count;
    }
}

// The most frequent pair, of equal ones the first by the bytes of its pieces: never by its place in the
// table.
static const struct pair *best_pair(const struct builder *b)
{
    const struct pair *best = NULL;
    for (size_t i = 0; i < b->pair_slots; i++) {
        const struct pair *pair = &b->pairs[i];
        if (pair->count < 2 || (best && pair->count < best->count))
            continue;
        if (best && pair->count == best->count) {
            const int order = strcmp(left_of(b, pair), left_of(b, best));
            if (order > 0 || (order == 0 && strcmp(right_of(b, pair), right_of(b, best)) > 0))
                continue;
        }
        best = pair;
    }
    return best;
}

static bool contains(const int32_t *pieces, int length, int32_t left, int32_t right)
{
    for (int i = 0; i + 1 < length; i++)
        if (pieces[i] == left && pieces[i + 1] == right)
            return true;
    return false;
}

static int merge(struct builder *b, int32_t left, int32_t right, int32_t merged)
{
    for (size_t i = 0; i < b->word_count; i++) {
        struct word *w = &b->words[i];
        int32_t *pieces = b->sequence + w->begin;
        if (!contains(pieces, w->length, left, right))
            continue;
        discount_pairs(b, w);
        int length = 0;
        for (int k = 0; k < w->length; k++) {
            const bool here = k + 1 < w->length && pieces[k] == left && pieces[k + 1] == right;
            pieces[length++] = here ? merged : pieces[k];
            k += here;
        }
        w->length = length;
        if (count_pairs(b, w))
            return ENOMEM;
    }
    return 0;
}

static int merge_pairs(struct builder *b, size_t pieces)
{
    int status = 0;
    for (size_t i = 0; i < b->word_count && status == 0; i++)
        status = count_pairs(b, &b->words[i]);
    while (status == 0 && b->piece_count < pieces) {
        const struct pair *best = best_pair(b);
        if (!best)
            break;
        const int32_t left = (int32_t)(best->key >> 32) - 1, right = (int32_t)(uint32_t)best->key;
        int32_t merged;
        status = add_piece(b, b->pieces[left], b->pieces[right] + strlen("##"), &merged);
        if (status == 0)
            status = merge(b, left, right, merged);
    }
    return status;
}

// ---- the whole

static int build(struct builder *b, const struct qsc_corpus *corpus, size_t pieces)
{
    int status = count_words(b, corpus);
    for (int i = 0; i < SPECIALS && status == 0; i++) {
        int32_t id;
        status = add_piece(b, specials[i], "", &id);
    }
    if (status == 0)
        status = add_character_pieces(b, pieces);
    if (status)
        return status;
    spell_words(b);
    return merge_pairs(b, pieces);
}

static int write_pieces(char **vocab, size_t *bytes, const struct builder *b)
{
    *bytes = 0;
    for (size_t i = 0; i < b->piece_count; i++)
        *bytes += strlen(b->pieces[i]) + 1;
    *vocab = qsc_alloc(*bytes + 1);
    if (!*vocab)
        return ENOMEM;
    char *at = *vocab;
    for (size_t i = 0; i < b->piece_count; i++)
        at = stpcpy(stpcpy(at, b->pieces[i]), "\n");
    return 0;
}

static void fini(struct builder *b)
{
    for (size_t i = 0; i < b->piece_count; i++)
        qsc_free(b->pieces[i]);
    qsc_free(b->pieces);
    qsc_free(b->words);
    qsc_free(b->sequence);
    qsc_free(b->characters);
    qsc_free(b->pairs);
    qsc_trie_fini(&b->word_ids);
    qsc_trie_fini(&b->character_ids);
    qsc_trie_fini(&b->piece_ids);
}

int qsc_vocabulary_build(char **vocab, size_t *bytes, const struct qsc_corpus *corpus, int pieces,
                         bool lowercase, struct qsc_error *err)
{
    if (pieces < PIECES_MIN)
        return qsc_fail(err, EINVAL, "a vocabulary of %d pieces is too small (at least %d)", pieces,
                        PIECES_MIN);
    struct builder b = {.lowercase = lowercase};
    int status = build(&b, corpus, (size_t)pieces);
    char *text = NULL;
    if (status == 0)
        status = write_pieces(&text, bytes, &b);
    fini(&b);
    if (status)
        return qsc_fail(err, status, "out of memory for a vocabulary of %d pieces", pieces);
    *vocab = text;
    return 0;
}
