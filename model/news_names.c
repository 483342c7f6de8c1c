#include "news_names.h"

#include <errno.h>
#include <quiesce/concurrency/alloc.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { UNSEEN_PERCENT = 75 /* of the draws outside training come from the part's own names */ };

static const char *const given[] = {
    "Adam",   "Agnes",   "Ahmed",  "Akira", "Alan",   "Alice",  "Amara",  "Andrea", "Anna",  "Anton",
    "Aisha",  "Bela",    "Ben",    "Bruno", "Carla",  "Carlos", "Chen",   "Clara",  "Dana",  "Daniel",
    "David",  "Diego",   "Dora",   "Elena", "Emil",   "Emma",   "Eric",   "Esther", "Eva",   "Farid",
    "Felix",  "Fiona",   "Frank",  "Gerd",  "Greta",  "Hana",   "Hannah", "Hans",   "Helen", "Henry",
    "Hugo",   "Ibrahim", "Igor",   "Ines",  "Irina",  "Ivan",   "Jack",   "James",  "Jan",   "Jana",
    "Javier", "Jean",    "Jin",    "John",  "Jonas",  "Jorge",  "Julia",  "Karin",  "Karl",  "Kate",
    "Keiko",  "Kofi",    "Lars",   "Laura", "Leon",   "Li",     "Lin",    "Lucas",  "Lucia", "Luis",
    "Maria",  "Marco",   "Marek",  "Mark",  "Marta",  "Mary",   "Mei",    "Mia",    "Milan", "Mina",
    "Nadia",  "Nils",    "Nina",   "Noah",  "Nora",   "Olga",   "Oliver", "Omar",   "Oscar", "Otto",
    "Pablo",  "Paul",    "Pavel",  "Peter", "Petra",  "Priya",  "Rafael", "Rania",  "Ravi",  "Rita",
    "Robert", "Rosa",    "Ruth",   "Samir", "Sandra", "Sara",   "Sergei", "Simon",  "Sofia", "Stefan",
    "Susan",  "Tara",    "Thomas", "Tim",   "Tomas",  "Vera",   "Victor", "Wei",    "Yara",  "Yusuf",
};

static const char *const starts[] = {
    "Al",   "An",  "Ar",   "Bal", "Ban", "Bel", "Ber", "Bor", "Bran", "Bren", "Cal",  "Car", "Cor",
    "Dal",  "Dar", "Del",  "Dor", "Dun", "El",  "Er",  "Fal", "Fen",  "Fer",  "Gal",  "Gar", "Gor",
    "Gran", "Hal", "Har",  "Hel", "Hol", "Il",  "Jar", "Jor", "Kal",  "Kar",  "Kel",  "Kor", "Lan",
    "Lor",  "Lun", "Mal",  "Mar", "Mel", "Mon", "Mor", "Nar", "Nor",  "Ol",   "Or",   "Os",  "Pal",
    "Par",  "Pel", "Quin", "Ral", "Ren", "Ror", "Sal", "Sar", "Sel",  "Sor",  "Stan", "Tal", "Tar",
    "Tel",  "Tor", "Ul",   "Val", "Var", "Vel", "Vor", "Wal", "Wen",  "Wil",  "Yar",  "Zal", "Zen",
};
static const char *const middles[] = {"",   "a",  "e",  "i",  "o",   "en",  "an",
                                      "er", "in", "ov", "um", "ast", "est", "ik"};
static const char *const last_ends[] = {"son", "sen", "ova", "escu", "kov", "ski",
                                        "ez",  "man", "ini", "wicz", "shi", "dez"};
static const char *const town_ends[] = {"ton",  "burg", "ville", "haven", "ford", "mouth",
                                        "stad", "grad", "pool",  "bury",  "dorf"};
static const char *const firm_ends[] = {"tron", "ex",   "ix",   "soft", "corp", "gen",
                                        "net",  "tech", "dyne", "co",   "plex"};
static const char *const shared_ends[] = {"da",   "dell", "field", "gate", "land",  "low", "mere",
                                          "mont", "more", "na",    "ria",  "ro",    "ta",  "ter",
                                          "vale", "well", "wick",  "wood", "worth", "ley"};

#define PARTS(list) list, (int)(sizeof(list) / sizeof *(list))

static const struct {
    const char *const *ends;
    int end_count;
    int count[QSC_NEWS_PARTS];
} kinds[QSC_NEWS_NAME_KINDS] = {
    [QSC_NEWS_NAME_FIRST] = {NULL, 0, {100, 10, 10}},
    [QSC_NEWS_NAME_LAST] = {PARTS(last_ends), {1200, 250, 250}},
    [QSC_NEWS_NAME_TOWN] = {PARTS(town_ends), {1000, 250, 250}},
    [QSC_NEWS_NAME_FIRM] = {PARTS(firm_ends), {700, 200, 200}},
    [QSC_NEWS_NAME_SHARED] = {PARTS(shared_ends), {1400, 400, 400}},
};

static int total(enum qsc_news_name_kind kind)
{
    return kinds[kind].count[QSC_NEWS_TRAIN] + kinds[kind].count[QSC_NEWS_VALID] +
           kinds[kind].count[QSC_NEWS_TEST];
}

static void compose(char name[QSC_NEWS_NAME_CHARS], enum qsc_news_name_kind kind, uint64_t *random)
{
    const char *start = starts[qsc_news_below(random, (int)(sizeof starts / sizeof *starts))];
    const char *middle = middles[qsc_news_below(random, (int)(sizeof middles / sizeof *middles))];
    snprintf(name, QSC_NEWS_NAME_CHARS, "%s%s%s", start, middle,
             kinds[kind].ends[qsc_news_below(random, kinds[kind].end_count)]);
}

/* All composed names so far, by open addressing: a power of two that is never half full. */
enum { SLOTS = 1 << 14 };

struct known {
    const char *slots[SLOTS];
};

/* Adds a name; false where it is known already. */
static bool add(struct known *known, const char *name)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (const char *c = name; *c; c++)
        hash = (hash ^ (unsigned char)*c) * 16777619u;
    uint32_t slot = hash % SLOTS;
    while (known->slots[slot] && strcmp(known->slots[slot], name) != 0)
        slot = (slot + 1) % SLOTS;
    if (known->slots[slot])
        return false;
    known->slots[slot] = name;
    return true;
}

static void shuffle_given(char (*list)[QSC_NEWS_NAME_CHARS], uint64_t *random)
{
    int count = (int)(sizeof given / sizeof *given);
    for (int i = 0; i < count; i++) { /* Fisher-Yates, inside out */
        int j = qsc_news_below(random, i + 1);
        memmove(list[i], list[j], QSC_NEWS_NAME_CHARS);
        snprintf(list[j], QSC_NEWS_NAME_CHARS, "%s", given[i]);
    }
}

static int fill_lists(struct qsc_news_names *names, struct known *known, uint64_t *random)
{
    for (int k = 0; k < QSC_NEWS_NAME_KINDS; k++) {
        enum qsc_news_name_kind kind = (enum qsc_news_name_kind)k;
        names->list[k] = qsc_alloc_zeroed((size_t)total(kind), QSC_NEWS_NAME_CHARS);
        if (!names->list[k])
            return ENOMEM;
        if (kind == QSC_NEWS_NAME_FIRST) {
            shuffle_given(names->list[k], random);
            continue;
        }
        for (int i = 0; i < total(kind); i++) {
            do
                compose(names->list[k][i], kind, random);
            while (!add(known, names->list[k][i]));
        }
    }
    return 0;
}

int qsc_news_names_init(struct qsc_news_names *names, uint64_t *random)
{
    _Static_assert(sizeof given / sizeof *given == 120, "as many as the three parts share out");
    *names = (struct qsc_news_names){{NULL}};
    struct known *known = qsc_alloc_zeroed(1, sizeof *known);
    int code = known ? fill_lists(names, known, random) : ENOMEM;
    qsc_free(known);
    if (code)
        qsc_news_names_fini(names);
    return code;
}

void qsc_news_names_fini(struct qsc_news_names *names)
{
    for (int k = 0; k < QSC_NEWS_NAME_KINDS; k++)
        qsc_free(names->list[k]);
    *names = (struct qsc_news_names){{NULL}};
}

const char *qsc_news_names_draw(const struct qsc_news_names *names, enum qsc_news_name_kind kind,
                                enum qsc_news_part part, uint64_t *random)
{
    if (part != QSC_NEWS_TRAIN && qsc_news_below(random, 100) >= UNSEEN_PERCENT)
        part = QSC_NEWS_TRAIN;
    int first = 0;
    for (int p = 0; p < (int)part; p++)
        first += kinds[kind].count[p];
    return names->list[kind][first + qsc_news_below(random, kinds[kind].count[part])];
}
