#include "news_sentence.h"

#include "news_grammar.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static int between(struct qsc_news_sentence *s, int least, int most)
{
    return least + qsc_news_below(&s->random, most - least + 1);
}

static bool chance(struct qsc_news_sentence *s, int percent)
{
    return between(s, 0, 99) < percent;
}

/* Sentences stay far below both bounds; a grammar that outgrew them would be cut, not overrun. */
static void add_word(struct qsc_news_sentence *s, const char *text, int length)
{
    if (s->count == QSC_NEWS_WORDS)
        return;
    struct qsc_news_sentence_word *word = &s->words[s->count++];
    snprintf(word->text, sizeof word->text, "%.*s", length, text);
    word->type = QSC_NEWS_OUTSIDE;
    word->begins = false;
}

__attribute__((format(printf, 2, 3))) static void add_formatted(struct qsc_news_sentence *s,
                                                                const char *format, ...)
{
    char text[QSC_NEWS_WORD_CHARS];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    add_word(s, text, length);
}

static void add_name(struct qsc_news_sentence *s, enum qsc_news_name_kind kind)
{
    add_formatted(s, "%s", qsc_news_names_draw(s->names, kind, s->part, &s->random));
}

/* What a symbol that is no rule draws. A third to a half of the names do not tell their type by their looks.
 */

static void draw_first(struct qsc_news_sentence *s)
{
    add_name(s, QSC_NEWS_NAME_FIRST);
}

static void draw_initial(struct qsc_news_sentence *s)
{
    add_formatted(s, "%c.", "ABCDEFGHIJKLMNOPRSTVW"[between(s, 0, 20)]);
}

static void draw_last(struct qsc_news_sentence *s)
{
    add_name(s, chance(s, 45) ? QSC_NEWS_NAME_SHARED : QSC_NEWS_NAME_LAST);
}

static void draw_town(struct qsc_news_sentence *s)
{
    add_name(s, chance(s, 40) ? QSC_NEWS_NAME_SHARED : QSC_NEWS_NAME_TOWN);
}

static void draw_firm(struct qsc_news_sentence *s)
{
    add_name(s, chance(s, 35)   ? QSC_NEWS_NAME_SHARED
                : chance(s, 20) ? QSC_NEWS_NAME_LAST
                                : QSC_NEWS_NAME_FIRM);
}

static void draw_any(struct qsc_news_sentence *s)
{
    add_name(s, chance(s, 60)   ? QSC_NEWS_NAME_SHARED
                : chance(s, 50) ? QSC_NEWS_NAME_LAST
                                : QSC_NEWS_NAME_TOWN);
}

static void draw_acronym(struct qsc_news_sentence *s)
{
    char text[5] = "";
    int letters = between(s, 3, 4);
    for (int i = 0; i < letters; i++)
        text[i] = (char)('A' + between(s, 0, 25));
    add_formatted(s, "%s", text);
}

static void draw_model(struct qsc_news_sentence *s)
{
    add_formatted(s, chance(s, 50) ? "%d" : "X%d", between(s, 1, 90) * 10);
}

static void draw_number(struct qsc_news_sentence *s)
{
    add_formatted(s, "%d", chance(s, 60) ? between(s, 2, 30) : between(s, 2, 90) * 10);
}

static void draw_rank(struct qsc_news_sentence *s)
{
    add_formatted(s, "%d", between(s, 1, 12));
}

static void draw_goals(struct qsc_news_sentence *s)
{
    add_formatted(s, "%d", between(s, 0, 5));
}

static void draw_result(struct qsc_news_sentence *s)
{
    int less = between(s, 0, 3);
    add_formatted(s, "%d-%d", less + between(s, 1, 3), less);
}

static void draw_even(struct qsc_news_sentence *s)
{
    int goals = between(s, 0, 3);
    add_formatted(s, "%d-%d", goals, goals);
}

static void draw_time(struct qsc_news_sentence *s)
{
    add_formatted(s, "%d:%02d.%02d", between(s, 1, 9), between(s, 0, 59), between(s, 0, 99));
}

static void draw_day(struct qsc_news_sentence *s)
{
    add_formatted(s, "%d", between(s, 1, 28));
}

static void draw_date(struct qsc_news_sentence *s)
{
    add_formatted(s, "%d-%02d-%02d", between(s, 1990, 2024), between(s, 1, 12), between(s, 1, 28));
}

static void draw_year(struct qsc_news_sentence *s)
{
    add_formatted(s, "%d", between(s, 1950, 2024));
}

static void draw_age(struct qsc_news_sentence *s)
{
    add_formatted(s, "%d", between(s, 19, 88));
}

static void draw_degrees(struct qsc_news_sentence *s)
{
    add_formatted(s, "%d", between(s, -9, 38));
}

static void draw_price(struct qsc_news_sentence *s)
{
    add_formatted(s, "%d.%02d", between(s, 1, 99), between(s, 0, 99));
}

static void draw_crowd(struct qsc_news_sentence *s)
{
    add_formatted(s, "%d,%03d", between(s, 2, 80), between(s, 0, 999));
}

static void draw_percent(struct qsc_news_sentence *s)
{
    add_formatted(s, "%d.%d", between(s, 0, 30), between(s, 0, 9));
    add_formatted(s, "percent");
}

static void draw_money(struct qsc_news_sentence *s)
{
    add_formatted(s, "$");
    add_formatted(s, "%d.%d", between(s, 1, 90), between(s, 0, 9));
    add_formatted(s, chance(s, 80) ? "million" : "billion");
}

static const struct {
    const char *symbol;
    void (*draw)(struct qsc_news_sentence *);
} draws[] = {
    {"first", draw_first},     {"initial", draw_initial}, {"last", draw_last},
    {"town_name", draw_town},  {"firm_name", draw_firm},  {"any_name", draw_any},
    {"acronym", draw_acronym}, {"model", draw_model},     {"number", draw_number},
    {"rank", draw_rank},       {"goals", draw_goals},     {"result", draw_result},
    {"draw", draw_even},       {"halftime", draw_even},   {"set", draw_result},
    {"time", draw_time},       {"day", draw_day},         {"date", draw_date},
    {"year", draw_year},       {"age", draw_age},         {"degrees", draw_degrees},
    {"price", draw_price},     {"crowd", draw_crowd},     {"percent", draw_percent},
    {"money", draw_money},
};

static void expand_line(struct qsc_news_sentence *s, const char *line);

/* Do the words from `first` on stand in the sentence already? "Talks between Peru and Peru" are not news. */
static bool repeats(const struct qsc_news_sentence *s, int first)
{
    for (int earlier = 0; earlier + (s->count - first) <= first; earlier++) {
        int same = 0;
        while (first + same < s->count &&
               strcmp(s->words[earlier + same].text, s->words[first + same].text) == 0)
            same++;
        if (first + same == s->count)
            return true;
    }
    return false;
}

static void expand_rule(struct qsc_news_sentence *s, const struct qsc_news_rule *rule)
{
    int alternatives = 1; /* there is no rule without one */
    while (rule->alternatives[alternatives])
        alternatives++;
    int first = s->count;
    do {
        s->count = first;
        expand_line(s, rule->alternatives[between(s, 0, alternatives - 1)]);
    } while (rule->type != QSC_NEWS_OUTSIDE && repeats(s, first));
    for (int i = first; rule->type != QSC_NEWS_OUTSIDE && i < s->count; i++) {
        s->words[i].type = rule->type;
        s->words[i].begins = i == first;
    }
}

static void expand_symbol(struct qsc_news_sentence *s, const char *symbol, int length)
{
    for (const struct qsc_news_rule *rule = qsc_news_rules; rule->symbol; rule++) {
        if (strncmp(rule->symbol, symbol, (size_t)length) == 0 && !rule->symbol[length]) {
            expand_rule(s, rule);
            return;
        }
    }
    for (size_t i = 0; i < sizeof draws / sizeof *draws; i++) {
        if (strncmp(draws[i].symbol, symbol, (size_t)length) == 0 && !draws[i].symbol[length]) {
            draws[i].draw(s);
            return;
        }
    }
    add_word(s, symbol - 1,
             length + 1); /* a misspelt symbol shows in the text, where the test looks for it */
}

static void expand_line(struct qsc_news_sentence *s, const char *line)
{
    while (*line) {
        int length = (int)strcspn(line, " ");
        if (*line == '$' && length > 1)
            expand_symbol(s, line + 1, length - 1);
        else
            add_word(s, line, length);
        line += length;
        line += *line == ' ';
    }
}

/* "a" before a vowel is "an", and a sentence begins with a capital. */
static void polish(struct qsc_news_sentence *s)
{
    for (int i = 0; i + 1 < s->count; i++) {
        char *text = s->words[i].text;
        if ((strcmp(text, "a") == 0 || strcmp(text, "A") == 0) && strchr("AEIOaeio", s->words[i + 1].text[0]))
            memcpy(text + 1, "n", sizeof "n");
    }
    char *first = s->words[0].text;
    if (*first >= 'a' && *first <= 'z')
        *first = (char)(*first - 'a' + 'A');
}

void qsc_news_sentence_draw(struct qsc_news_sentence *sentence)
{
    sentence->count = 0;
    expand_rule(sentence, &qsc_news_rules[0]);
    polish(sentence);
}
