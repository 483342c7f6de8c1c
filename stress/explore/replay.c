#include "walk.h"

#include "memory.h"

#include <stdio.h>
#include <stdlib.h>

// A replay string is a list of "thread:steps" or "thread:steps/older", joined by commas: the thread makes so
// many steps; the last of them passes over so many newer stores of its location (a load or a store), or goes
// that way (a choice). The last entry has no steps: its thread goes on to the end.
struct entry {
    int thread, steps, older;
};

static struct {
    struct entry *entry;
    int entries, capacity, at, left;
    bool strayed;
} replay;

static void add_entry(struct entry entry)
{
    replay.entry = qx_room(replay.entry, &replay.capacity, replay.entries + 1, sizeof entry);
    replay.entry[replay.entries++] = entry;
}

static bool read_int(const char **text, int *n)
{
    char *end;
    long value = strtol(*text, &end, 10);
    bool read = end != *text && **text >= '0' && **text <= '9' && value < 1 << 30;
    *text = end;
    *n = (int)value;
    return read;
}

static bool read_schedule(const char *s)
{
    replay.entries = 0;
    for (;;) {
        struct entry entry = {0};
        if (!read_int(&s, &entry.thread) || *s++ != ':' || !read_int(&s, &entry.steps))
            return false;
        if (*s == '/' && (s++, !read_int(&s, &entry.older)))
            return false;
        bool last = *s == '\0';
        if ((!last && *s != ',') || last != (entry.steps == 0))
            return false;
        add_entry(entry);
        if (last)
            return true;
        s++;
    }
}

static int pick(int current, const int *able, int n)
{
    (void)current;
    if (replay.left == 0 && replay.at + 1 < replay.entries)
        replay.left = replay.entry[++replay.at].steps;
    for (int i = 0; i < n; i++) {
        if (able[i] == replay.entry[replay.at].thread)
            return able[i];
    }
    replay.strayed = replay.strayed || replay.left > 0;
    return able[0];
}

static int choose(int ways, enum qx_choice kind)
{
    (void)kind;
    int way = replay.left == 1 ? replay.entry[replay.at].older : 0;
    replay.strayed = replay.strayed || way >= ways;
    return way < ways ? way : 0;
}

static void step(void)
{
    if (replay.left > 0)
        replay.left--;
}

static bool next(void)
{
    return false;
}

static bool repeats(void)
{
    return replay.left > 0 || replay.at + 1 < replay.entries;
}

bool qx_walk_strayed(void)
{
    return replay.strayed;
}

bool qx_walk_replay(const char *schedule)
{
    static const struct qx_policy along = {pick, choose, step, next, .repeats = repeats};
    if (!read_schedule(schedule))
        return false;
    replay.at = 0;
    replay.strayed = false;
    replay.left = replay.entry[0].steps;
    qx_walk(&along);
    return true;
}

// How many of the stores before step `at` stand behind this place in the location's modification order?
static int passed_over(const struct qx_graph *g, const int *step, int at)
{
    const struct qx_event *event = &g->event[step[at]];
    if (event->kind == QX_CHOICE)
        return (int)event->value;
    if (event->kind != QX_LOAD && event->kind != QX_STORE)
        return 0;
    int place = event->kind == QX_STORE ? event->mo : qx_position(g, event->rf), n = 0;
    for (int i = 0; i < at; i++) {
        const struct qx_event *other = &g->event[step[i]];
        n += other->kind == QX_STORE && other->location == event->location && other->mo > place;
    }
    return n;
}

char *qx_walk_schedule(const struct qx_graph *g, const int *step, int steps, int last, size_t *capacity)
{
    enum { LONGEST_ENTRY = 40 };
    *capacity = ((size_t)steps + 1) * LONGEST_ENTRY;
    char *text = qx_grow(NULL, 0, *capacity), *end = text;
    for (int from = 0; from < steps;) {
        int thread = g->event[step[from]].thread, to = from, older = 0;
        while (to < steps && older == 0 && g->event[step[to]].thread == thread)
            older = passed_over(g, step, to++);
        end += snprintf(end, LONGEST_ENTRY, older ? "%d:%d/%d," : "%d:%d,", thread, to - from, older);
        from = to;
    }
    snprintf(end, LONGEST_ENTRY, "%d:0", last);
    return text;
}
