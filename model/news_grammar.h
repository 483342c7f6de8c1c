/* Internal to the corpus generator: what its sentences say. The data stands in news_grammar.c. */
#ifndef QUIESCE_MODEL_NEWS_GRAMMAR_H
#define QUIESCE_MODEL_NEWS_GRAMMAR_H

#include <quiesce/model/news.h>

enum { QSC_NEWS_OUTSIDE = -1 }; /* the type of words that belong to no name */

/*
 * A rule's alternatives are lines of words separated by one blank. A word "$x" stands for a symbol: another
 * rule, or a draw (a composed name, a number: news_sentence.c). A rule with a type is a name: its words are
 * marked with it as one mention.
 */
struct qsc_news_rule {
    const char *symbol;
    int type;
    const char *const *alternatives; /* ends with NULL */
};

extern const struct qsc_news_rule
    qsc_news_rules[]; /* ends with a symbol of NULL; the first one is a sentence */

#endif
