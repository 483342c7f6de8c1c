/* Internal to the corpus generator: one sentence, drawn from the grammar, each word with the name it belongs
 * to. */
#ifndef QUIESCE_MODEL_NEWS_SENTENCE_H
#define QUIESCE_MODEL_NEWS_SENTENCE_H

#include "news_names.h"

#include <stdbool.h>

enum { QSC_NEWS_WORDS = 160, QSC_NEWS_WORD_CHARS = 40 };

struct qsc_news_sentence_word {
    char text[QSC_NEWS_WORD_CHARS];
    int type; /* enum qsc_news_type, or QSC_NEWS_OUTSIDE */
    bool begins;
};

struct qsc_news_sentence {
    uint64_t random; /* the state all draws go on from */
    const struct qsc_news_names *names;
    enum qsc_news_part part; /* whose names it may use */
    struct qsc_news_sentence_word words[QSC_NEWS_WORDS];
    int count;
};

/* Replaces the words by a new sentence. */
void qsc_news_sentence_draw(struct qsc_news_sentence *sentence);

#endif
