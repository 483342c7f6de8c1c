#include <quiesce/model/tokenizer_json.h>

#include <quiesce/concurrency/alloc.h>
#include <quiesce/model/json.h>

#include <errno.h>
#include <string.h>

static const size_t json_bytes_max = 256 << 20;

// Puts each piece in the place of its id. Returns the bytes of all lines, 0 if the table is no vocabulary.
static size_t order_pieces(const char **pieces, json_t *table)
{
    size_t count = json_object_size(table), bytes = 0;
    const char *piece;
    json_t *id;
    json_object_foreach(table, piece, id)
    {
        json_int_t place = json_is_integer(id) ? json_integer_value(id) : -1;
        if (place < 0 || (size_t)place >= count || pieces[place] || strpbrk(piece, "\r\n"))
            return 0;
        pieces[place] = piece;
        bytes += strlen(piece) + 1;
    }
    return bytes;
}

static int write_lines(json_t *table, char **vocab, size_t *length)
{
    size_t count = json_object_size(table);
    const char **pieces = qsc_alloc_zeroed(count + 1, sizeof *pieces);
    if (!pieces)
        return ENOMEM;
    *length = order_pieces(pieces, table);
    *vocab = *length ? qsc_alloc(*length + 1) : NULL;
    int code = !*length ? EINVAL : !*vocab ? ENOMEM : 0;
    char *next = *vocab;
    for (size_t i = 0; i < count && !code; i++) {
        next = stpcpy(next, pieces[i]);
        *next++ = '\n';
    }
    if (!code)
        *next = 0;
    qsc_free(pieces);
    return code;
}

int qsc_tokenizer_json_check_added(const json_t *token, const char *where, struct qsc_error *err)
{
    static const char *const own[] = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};
    const char *content = json_string_value(json_object_get(token, "content"));
    for (size_t i = 0; content && i < sizeof own / sizeof *own; i++) {
        if (strcmp(content, own[i]) == 0)
            return 0;
    }
    return qsc_fail(err, EINVAL, "%s: the added token \"%.80s\" is not supported; only BERT's own five are",
                    where, content ? content : "");
}

static int check_all_added(const json_t *tokens, const char *path, struct qsc_error *err)
{
    int code = 0;
    for (size_t i = 0; i < json_array_size(tokens) && !code; i++)
        code = qsc_tokenizer_json_check_added(json_array_get(tokens, i), path, err);
    return code;
}

int qsc_tokenizer_json_vocab(const char *path, char **vocab, size_t *length, struct qsc_error *err)
{
    json_t *root;
    int code = qsc_json_load(path, json_bytes_max, 0, &root, err);
    if (code)
        return code;
    const json_t *model = json_object_get(root, "model");
    code = qsc_json_expect(model, path, "type", "WordPiece", err);
    if (!code)
        code = check_all_added(json_object_get(root, "added_tokens"), path, err);
    if (!code) {
        code = write_lines(json_object_get(model, "vocab"), vocab, length);
        if (code == EINVAL)
            qsc_fail(err, code, "%s: model.vocab is no WordPiece vocabulary with the ids 0, 1, 2, ...", path);
        else if (code)
            qsc_fail(err, code, "%s: no memory for its vocabulary", path);
    }
    json_decref(root);
    return code;
}
