/*
 * A corpus of news-like sentences with the names of persons, places, organisations and other things marked,
 * made from a seed: the demo's data, because no real corpus may be passed on with the program.
 *
 * It is written so that looking names up does not help: most names of the test part occur nowhere in the
 * training part (they are composed of the same syllables), and a good share of all names may be a person, a
 * town or a company, so that only the words around them tell which.
 */
#ifndef QUIESCE_MODEL_NEWS_H
#define QUIESCE_MODEL_NEWS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum qsc_news_part { QSC_NEWS_TRAIN, QSC_NEWS_VALID, QSC_NEWS_TEST, QSC_NEWS_PARTS };
enum qsc_news_type { QSC_NEWS_PER, QSC_NEWS_LOC, QSC_NEWS_ORG, QSC_NEWS_MISC, QSC_NEWS_TYPES };

struct qsc_news_config {
    uint64_t seed;
    int sentences[QSC_NEWS_PARTS];
};

struct qsc_news_figures {
    int sentences, words;
    int names[QSC_NEWS_TYPES]; /* mentions, by type */
    int mentions;              /* their sum */
    int unseen;                /* mentions whose exact words are no name in the training part */
    int ambiguous; /* mentions whose exact words are a name of another type somewhere in the corpus */
};

struct qsc_news {
    char *text[QSC_NEWS_PARTS]; /* CoNLL with two columns: "word TAG" lines, IOB2, an empty line after a
                                     sentence */
    size_t bytes[QSC_NEWS_PARTS];
    struct qsc_news_figures figures[QSC_NEWS_PARTS];
};

/*
 * Generates the three parts. The same configuration gives the same bytes on every machine.
 * Returns 0; EINVAL where a count is negative; ENOMEM, and then *news is empty.
 * Does not block. Threads: any, on different objects. The caller ends it with qsc_news_fini.
 */
int qsc_news_generate(struct qsc_news *news, const struct qsc_news_config *config)
    __attribute__((warn_unused_result));

/* Frees the text; an empty (all-zero) corpus is allowed. */
void qsc_news_fini(struct qsc_news *news);

/* "PER", "LOC", "ORG", "MISC"; "train", "valid", "test". */
const char *qsc_news_type_name(enum qsc_news_type type);
const char *qsc_news_part_name(enum qsc_news_part part);

#ifdef __cplusplus
}
#endif

#endif
