/* Internal to the corpus generator: names, composed of parts, in lists that the three parts of the corpus
 * share or not. */
#ifndef QUIESCE_MODEL_NEWS_NAMES_H
#define QUIESCE_MODEL_NEWS_NAMES_H

#include <quiesce/model/news.h>

enum qsc_news_name_kind {
    QSC_NEWS_NAME_FIRST,  /* given names */
    QSC_NEWS_NAME_LAST,   /* surnames that look like surnames */
    QSC_NEWS_NAME_TOWN,   /* towns that look like towns */
    QSC_NEWS_NAME_FIRM,   /* companies that look like companies */
    QSC_NEWS_NAME_SHARED, /* may be any of the last three */
    QSC_NEWS_NAME_KINDS
};

enum { QSC_NEWS_NAME_CHARS = 24 };

struct qsc_news_names {
    char (*list[QSC_NEWS_NAME_KINDS])[QSC_NEWS_NAME_CHARS]; /* training names first, then those of valid, then
                                                     those of test */
};

/* splitmix64 (Steele, Lea, Flood 2014): every draw of the generator. */
static inline uint64_t qsc_news_random(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* A number in [0, n); the bias of the multiplication is below n / 2^32. */
static inline int qsc_news_below(uint64_t *state, int n)
{
    return (int)(((qsc_news_random(state) >> 32) * (uint64_t)n) >> 32);
}

/* Composes all lists; no name occurs twice in them. Returns 0 or ENOMEM. */
int qsc_news_names_init(struct qsc_news_names *names, uint64_t *random) __attribute__((warn_unused_result));
void qsc_news_names_fini(struct qsc_news_names *names);

/* Draws a name for a sentence of `part`: outside training mostly from the names which only that part has. */
const char *qsc_news_names_draw(const struct qsc_news_names *names, enum qsc_news_name_kind kind,
                                enum qsc_news_part part, uint64_t *random);

#endif
