/* quiesce tokenize: what a vocabulary makes of each line of standard input. */
#include "commands.h"
#include "json_text.h"
#include "lines.h"
#include "options.h"

#include <quiesce/model/tokenizer.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void print_encoding(const qsc_tokenizer *tokenizer, const struct qsc_encoding *encoding)
{
    fputs("{\"ids\": [", stdout);
    for (size_t i = 0; i < encoding->count; i++)
        printf("%s%" PRId32, i ? ", " : "", encoding->ids[i]);
    fputs("], \"pieces\": [", stdout);
    for (size_t i = 0; i < encoding->count; i++) {
        const char *piece = qsc_tokenizer_piece(tokenizer, encoding->ids[i]);
        fputs(i ? ", " : "", stdout);
        qsc_json_print_string(stdout, piece, strlen(piece));
    }
    fputs("], \"offsets\": [", stdout);
    for (size_t i = 0; i < encoding->count; i++)
        printf("%s[%" PRId32 ", %" PRId32 "]", i ? ", " : "", encoding->offsets[i].start,
               encoding->offsets[i].end);
    fputs("]}\n", stdout);
}

static int tokenize_lines(const qsc_tokenizer *tokenizer, struct qsc_lines *lines,
                          struct qsc_encoding *encoding)
{
    for (;;) {
        const char *line;
        size_t bytes;
        if (!qsc_lines_waiting(lines))
            fflush(stdout);
        const int status = qsc_lines_next(lines, &line, &bytes);
        if (status == ENODATA)
            return QSC_EXIT_OK;
        if (status) {
            qsc_lines_complain(lines, status);
            return QSC_EXIT_FAILURE;
        }
        struct qsc_error err;
        qsc_encoding_clear(encoding);
        if (qsc_tokenizer_encode(tokenizer, line, bytes, encoding, &err)) {
            qsc_complain("standard input:%" PRIu64 ": %s", lines->number, err.text);
            return QSC_EXIT_FAILURE;
        }
        print_encoding(tokenizer, encoding);
        if (ferror(stdout))
            return QSC_EXIT_FAILURE; /* main says so */
    }
}

static int run(int argc, char **argv)
{
    const char *vocab = NULL;
    bool uncased = false;
    const struct qsc_option options[] = {
        {.name = "vocab",
         .kind = QSC_OPTION_TEXT,
         .target = &vocab,
         .value = "FILE",
         .required = true,
         .help = "vocab.txt: one piece a line"},
        {.name = "uncased",
         .kind = QSC_OPTION_FLAG,
         .target = &uncased,
         .help = "lower case, accents off, as for a model with do_lower_case"},
        {.name = NULL},
    };
    int status;
    if (!qsc_options_parse(&qsc_tokenize_command, options, argc, argv, &status))
        return status;
    qsc_tokenizer *tokenizer;
    struct qsc_error err;
    if (qsc_tokenizer_load(&tokenizer, vocab, uncased, &err)) {
        qsc_complain("%s", err.text);
        return QSC_EXIT_FAILURE;
    }
    struct qsc_lines lines = {.descriptor = STDIN_FILENO};
    struct qsc_encoding encoding = {0};
    status = tokenize_lines(tokenizer, &lines, &encoding);
    qsc_encoding_fini(&encoding);
    qsc_lines_fini(&lines);
    qsc_tokenizer_destroy(tokenizer);
    return status;
}

const struct qsc_command qsc_tokenize_command = {
    .name = "tokenize",
    .usage = "--vocab FILE [--uncased]",
    .summary = "show what a vocabulary makes of text",
    .details = "Reads lines of UTF-8 text from standard input and prints one JSON object for each:\n"
               "\"ids\", \"pieces\" and \"offsets\" (code points of the line), no special tokens added.",
    .run = run,
};
