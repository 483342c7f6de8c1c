#include <quiesce/model/news.h>

#include <criterion/criterion.h>
#include <errno.h>
#include <quiesce/concurrency/alloc.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct qsc_news_config demo_size = {.seed = 1, .sentences = {3000, 500, 500}};

static void generate(struct qsc_news *news, uint64_t seed)
{
    struct qsc_news_config config = demo_size;
    config.seed = seed;
    cr_assert_eq(qsc_news_generate(news, &config), 0);
}

Test(news, the_same_seed_gives_the_same_bytes_and_another_seed_others)
{
    struct qsc_news first, second, third;
    generate(&first, 42);
    generate(&second, 42);
    generate(&third, 43);
    for (int part = 0; part < QSC_NEWS_PARTS; part++) {
        cr_assert_eq(first.bytes[part], second.bytes[part]);
        cr_assert_eq(memcmp(first.text[part], second.text[part], first.bytes[part]), 0);
        cr_assert(first.bytes[part] != third.bytes[part] ||
                  memcmp(first.text[part], third.text[part], first.bytes[part]) != 0);
    }
    qsc_news_fini(&first);
    qsc_news_fini(&second);
    qsc_news_fini(&third);
}

/* One line without its end, in `line`; the rest of the text is returned. */
static const char *next_line(const char *text, const char *end, char line[256])
{
    const char *stop = memchr(text, '\n', (size_t)(end - text));
    cr_assert(stop && stop - text < 256);
    memcpy(line, text, (size_t)(stop - text));
    line[stop - text] = '\0';
    return stop + 1;
}

Test(news, every_line_is_conll_in_iob2_and_the_figures_count_them)
{
    struct qsc_news news;
    generate(&news, 7);
    for (int part = 0; part < QSC_NEWS_PARTS; part++) {
        const char *end = news.text[part] + news.bytes[part];
        int sentences = 0, words = 0, names[QSC_NEWS_TYPES] = {0}, open = -1;
        for (const char *text = news.text[part]; text < end;) {
            char line[256], word[128], tag[128], more[2];
            text = next_line(text, end, line);
            if (!*line) {
                sentences++, open = -1;
                continue;
            }
            cr_assert_eq(sscanf(line, "%127s %127s %1s", word, tag, more), 2, "%s", line);
            cr_assert(*word != '$' || !word[1], "unexpanded symbol: %s", line);
            words++;
            int type = -1;
            for (int t = 0; t < QSC_NEWS_TYPES && strlen(tag) > 2; t++)
                type = strcmp(tag + 2, qsc_news_type_name((enum qsc_news_type)t)) == 0 ? t : type;
            cr_assert(strcmp(tag, "O") == 0 || (type >= 0 && tag[1] == '-'), "%s", line);
            cr_assert(tag[0] != 'I' || open == type, "I continues no name: %s", line);
            open = type;
            if (tag[0] == 'B')
                names[type]++;
        }
        const struct qsc_news_figures *figures = &news.figures[part];
        cr_assert_eq(figures->sentences, demo_size.sentences[part]);
        cr_assert_eq(sentences, figures->sentences);
        cr_assert_eq(words, figures->words);
        cr_assert_eq(memcmp(names, figures->names, sizeof names), 0);
        cr_assert_eq(figures->mentions, names[0] + names[1] + names[2] + names[3]);
    }
    qsc_news_fini(&news);
}

struct mention {
    char words[256];
};

static size_t mentions_of(const struct qsc_news *news, enum qsc_news_part part, struct mention *list)
{
    const char *end = news->text[part] + news->bytes[part];
    size_t count = 0;
    for (const char *text = news->text[part]; text < end;) {
        char line[256], word[128], tag[16];
        text = next_line(text, end, line);
        if (sscanf(line, "%127s %15s", word, tag) != 2 || tag[0] == 'O')
            continue;
        count += tag[0] == 'B';
        char *words = list[count - 1].words;
        size_t length = tag[0] == 'B' ? 0 : strlen(words);
        snprintf(words + length, sizeof list->words - length, "%s%s", length ? " " : "", word);
    }
    return count;
}

/* A slow count that shares nothing with the generator's. */
static int unseen_by_search(const struct qsc_news *news, enum qsc_news_part part)
{
    static struct mention train[20000], own[20000];
    size_t trained = mentions_of(news, QSC_NEWS_TRAIN, train), count = mentions_of(news, part, own);
    int unseen = 0;
    for (size_t i = 0; i < count; i++) {
        bool found = false;
        for (size_t j = 0; j < trained && !found; j++)
            found = strcmp(own[i].words, train[j].words) == 0;
        unseen += !found;
    }
    return unseen;
}

Test(news, most_test_names_are_unseen_and_some_names_are_ambiguous_for_any_seed)
{
    for (uint64_t seed = 1; seed <= 2; seed++) {
        struct qsc_news news;
        generate(&news, seed * 1000003);
        const struct qsc_news_figures *train = &news.figures[QSC_NEWS_TRAIN];
        const struct qsc_news_figures *test = &news.figures[QSC_NEWS_TEST];
        cr_assert_eq(train->unseen, 0);
        cr_assert_eq(test->unseen, unseen_by_search(&news, QSC_NEWS_TEST));
        cr_assert_gt(test->unseen * 2, test->mentions);
        cr_assert_gt(train->ambiguous * 20, train->mentions);
        for (int type = 0; type < QSC_NEWS_TYPES; type++)
            cr_assert_gt(test->names[type] * 20, test->mentions, "%s",
                         qsc_news_type_name((enum qsc_news_type)type));
        qsc_news_fini(&news);
    }
}

Test(news, impossible_sizes_are_refused_and_none_is_allowed)
{
    struct qsc_news news;
    cr_assert_eq(qsc_news_generate(&news, &(struct qsc_news_config){1, {10, -1, 10}}), EINVAL);
    cr_assert_eq(qsc_news_generate(&news, &(struct qsc_news_config){1, {0, 0, 0}}), 0);
    cr_assert_eq(news.bytes[QSC_NEWS_TRAIN], 0);
    qsc_news_fini(&news);
}

static int allocations, failing;

static bool fails_now(void)
{
    return ++allocations == failing;
}

static void *allocate_or_fail(void *context, size_t bytes, size_t align)
{
    (void)context;
    return fails_now() ? NULL : aligned_alloc(align, (bytes + align - 1) / align * align);
}

static void *allocate_zeroed_or_fail(void *context, size_t bytes)
{
    (void)context;
    return fails_now() ? NULL : calloc(1, bytes);
}

static void *reallocate_or_fail(void *context, void *memory, size_t bytes)
{
    (void)context;
    return fails_now() ? NULL : realloc(memory, bytes);
}

static void release(void *context, void *memory)
{
    (void)context;
    free(memory);
}

Test(news, every_allocation_may_fail)
{
    qsc_alloc_set(&(struct qsc_allocator){allocate_or_fail, allocate_zeroed_or_fail, reallocate_or_fail,
                                          release, NULL});
    const struct qsc_news_config small = {1, {40, 10, 10}};
    int code = ENOMEM;
    for (failing = 1; code == ENOMEM; failing++) {
        struct qsc_news news;
        allocations = 0;
        code = qsc_news_generate(&news, &small);
        cr_assert(code == ENOMEM || code == 0);
        cr_assert(code == 0 || !news.text[QSC_NEWS_TRAIN]);
        qsc_news_fini(&news);
    }
    cr_assert_gt(failing, 5);
    qsc_alloc_set(NULL);
}
