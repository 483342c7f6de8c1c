#include <quiesce/model/news.h>

#include "news_grammar.h"
#include "news_sentence.h"
#include "text.h"

#include <errno.h>
#include <quiesce/concurrency/alloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const type_names[] = {"PER", "LOC", "ORG", "MISC"};
static const char *const part_names[] = {"train", "valid", "test"};

/* A mention's words, for the figures: what is unseen, what is ambiguous. */
struct mention {
    char words[QSC_NEWS_WORD_CHARS * 4];
    enum qsc_news_type type;
    enum qsc_news_part part;
};

struct mentions {
    struct mention *list;
    size_t count, room;
};

const char *qsc_news_type_name(enum qsc_news_type type)
{
    return type_names[type];
}

const char *qsc_news_part_name(enum qsc_news_part part)
{
    return part_names[part];
}

/* Makes room for `more` mentions; 0 or ENOMEM. */
static int reserve(struct mentions *mentions, size_t more)
{
    if (mentions->count + more <= mentions->room)
        return 0;
    size_t wanted = 2 * (mentions->count + more);
    struct mention *grown = qsc_realloc(mentions->list, wanted * sizeof *grown);
    if (!grown)
        return ENOMEM;
    mentions->list = grown;
    mentions->room = wanted;
    return 0;
}

static void write_sentence(struct qsc_text *text, const struct qsc_news_sentence *sentence)
{
    for (int i = 0; i < sentence->count; i++) {
        const struct qsc_news_sentence_word *word = &sentence->words[i];
        if (word->type == QSC_NEWS_OUTSIDE)
            qsc_text_add(text, "%s O\n", word->text);
        else
            qsc_text_add(text, "%s %c-%s\n", word->text, word->begins ? 'B' : 'I', type_names[word->type]);
    }
    qsc_text_add(text, "\n");
}

static int collect_mentions(struct mentions *mentions, const struct qsc_news_sentence *sentence)
{
    int code = reserve(mentions, (size_t)sentence->count);
    if (code)
        return code;
    for (int i = 0; i < sentence->count; i++) {
        const struct qsc_news_sentence_word *word = &sentence->words[i];
        if (word->type == QSC_NEWS_OUTSIDE)
            continue;
        if (word->begins)
            mentions->list[mentions->count++] =
                (struct mention){"", (enum qsc_news_type)word->type, sentence->part};
        char *words = mentions->list[mentions->count - 1].words;
        size_t length = strlen(words);
        snprintf(words + length, sizeof mentions->list->words - length, "%s%s", length ? " " : "",
                 word->text);
    }
    return 0;
}

static int compare_mentions(const void *left, const void *right)
{
    return strcmp(((const struct mention *)left)->words, ((const struct mention *)right)->words);
}

/* All mentions of the same words stand together once sorted: each such run is judged as a whole. */
static void count_figures(struct qsc_news *news, struct mentions *mentions)
{
    if (mentions->count)
        qsort(mentions->list, mentions->count, sizeof *mentions->list, compare_mentions);
    for (size_t first = 0, end; first < mentions->count; first = end) {
        unsigned types = 0, parts = 0;
        for (end = first;
             end < mentions->count && strcmp(mentions->list[first].words, mentions->list[end].words) == 0;
             end++) {
            types |= 1u << mentions->list[end].type;
            parts |= 1u << mentions->list[end].part;
        }
        for (size_t i = first; i < end; i++) {
            struct qsc_news_figures *figures = &news->figures[mentions->list[i].part];
            figures->mentions++;
            figures->names[mentions->list[i].type]++;
            figures->unseen += !(parts & 1u << QSC_NEWS_TRAIN);
            figures->ambiguous += (types & (types - 1)) != 0;
        }
    }
}

static int generate_part(struct qsc_news *news, struct qsc_news_sentence *sentence, int sentences,
                         struct mentions *mentions)
{
    struct qsc_text text = {0};
    int code = 0;
    for (int i = 0; i < sentences && !code; i++) {
        qsc_news_sentence_draw(sentence);
        write_sentence(&text, sentence);
        code = collect_mentions(mentions, sentence);
        news->figures[sentence->part].words += sentence->count;
    }
    news->figures[sentence->part].sentences = sentences;
    news->text[sentence->part] = text.text;
    news->bytes[sentence->part] = text.length;
    return code ? code : text.code;
}

int qsc_news_generate(struct qsc_news *news, const struct qsc_news_config *config)
{
    *news = (struct qsc_news){0};
    for (int part = 0; part < QSC_NEWS_PARTS; part++) {
        if (config->sentences[part] < 0)
            return EINVAL;
    }
    struct qsc_news_sentence sentence = {.random = config->seed};
    struct qsc_news_names names;
    int code = qsc_news_names_init(&names, &sentence.random);
    if (code)
        return code;
    sentence.names = &names;
    struct mentions mentions = {NULL, 0, 0};
    for (int part = 0; part < QSC_NEWS_PARTS && !code; part++) {
        sentence.part = (enum qsc_news_part)part;
        code = generate_part(news, &sentence, config->sentences[part], &mentions);
    }
    if (!code)
        count_figures(news, &mentions);
    else
        qsc_news_fini(news);
    qsc_free(mentions.list);
    qsc_news_names_fini(&names);
    return code;
}

void qsc_news_fini(struct qsc_news *news)
{
    for (int part = 0; part < QSC_NEWS_PARTS; part++)
        qsc_free(news->text[part]);
    *news = (struct qsc_news){0};
}
