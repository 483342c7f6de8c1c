#include "pass.h"

#include "clock.h"

enum { STRIDE_MAX = 64 };

/* Only what lies inside of the run's time is a wait of the run: a thread that starved to the very end has no
 * wait that ended there, and yet the longest. */
static void note_wait(struct lab_passer *self, uint64_t asked, uint64_t got)
{
    const struct lab_course *course = self->course;
    asked = asked > course->start ? asked : course->start;
    got = got < course->end ? got : course->end;
    if (got > asked && got - asked > self->longest_wait)
        self->longest_wait = got - asked;
}

static bool is_within(const struct lab_course *course, uint64_t stamp)
{
    return stamp >= course->start && stamp < course->end;
}

static void count_ticks(struct qsc_histogram *histogram, const struct lab_course *course, uint64_t ticks)
{
    qsc_histogram_add(histogram, (uint64_t)((double)ticks * course->ns_per_tick));
}

static void note_latency(struct lab_passer *self, uint64_t asked, uint64_t got)
{
    const struct lab_course *course = self->course;
    uint64_t until = got < course->end ? got : course->end;
    if (is_within(course, asked))
        count_ticks(&self->latencies->asked, course, until - asked);
    if (is_within(course, self->intended))
        count_ticks(&self->latencies->intended, course, until - self->intended);
}

/* Passes that never began have waited until the end at least. */
static void note_missed(struct lab_passer *self)
{
    const struct lab_course *course = self->course;
    for (; self->intended < course->end;
         self->intended += lab_lengths_draw(&course->interval, &self->random)) {
        if (!is_within(course, self->intended))
            continue;
        count_ticks(&self->latencies->intended, course, course->end - self->intended);
        self->latencies->missed++;
    }
}

/* Waits until the next pass is to begin. Returns a stamp. It sleeps while that is far off, and where threads
 * share processors lets the others have it: the lock is to be what a pass waits for. */
static uint64_t await_turn(struct lab_passer *self)
{
    enum { FAR_NS = 200000, AWAKE_NS = 100000 };
    const double ticks_per_ns = lab_clock_get()->ticks_per_ns;
    const uint64_t came = lab_ticks();
    uint64_t now = came;
    for (; now < self->intended; now = lab_ticks()) {
        uint64_t left_ns = (uint64_t)((double)(self->intended - now) / ticks_per_ns);
        if (left_ns > FAR_NS)
            nanosleep(&(struct timespec){0, (long)(left_ns - AWAKE_NS)}, NULL);
        else if (self->course->crowded)
            qsc_port_yield();
        else
            qsc_port_pause();
    }
    if (came < self->intended && is_within(self->course, self->intended))
        count_ticks(&self->latencies->woken, self->course, now - self->intended);
    return now;
}

/* Called inside of the section, so that the order is that of the lock; readers who are there together come in
 * some order. Returns the place of this pass, or NULL where it is none of the trace. */
static struct lab_grant *note_grant(struct lab_passer *self, uint64_t asked, uint64_t got)
{
    struct lab_course *course = self->course;
    if (course->plan.trace == 0 || got < course->start)
        return NULL;
    uint32_t i = course->plan.trace;
    if (got < course->end &&
        atomic_load_explicit(&course->granted, memory_order_relaxed) < course->plan.trace)
        i = atomic_fetch_add_explicit(&course->granted, 1, memory_order_relaxed);
    if (i >= course->plan.trace) {
        if (self->still_waits == 0)
            self->still_waits = asked;
        return NULL;
    }
    course->grants[i] = (struct lab_grant){.asked = asked, .got = got, .thread = self->index};
    return &course->grants[i];
}

/* The other lines of a place. Returns what a reader saw, so that it has to look. */
static uint64_t touch(char *lines, unsigned count, bool read)
{
    uint64_t seen = 0;
    for (unsigned i = 1; i < count; i++) {
        uint64_t *word = (uint64_t *)(void *)(lines + (size_t)i * LAB_LINE);
        if (read)
            seen += *word;
        else
            *word += 1;
    }
    return seen;
}

/* So many passes, of which the first asked for the lock at `asked`; all that they need is at hand, since it
 * counts as a cost of the lock. Returns how many were reads. */
static unsigned pass(struct lab_passer *self, unsigned passes, uint64_t asked)
{
    struct lab_course *const course = self->course;
    const struct lab_lock *const kind = course->plan.lock;
    void (*const lock)(void *, void *) = kind->lock, (*const unlock)(void *, void *) = kind->unlock;
    void (*const read_lock)(void *, void *) = kind->read_lock ? kind->read_lock : lock;
    void (*const read_unlock)(void *, void *) = kind->read_lock ? kind->read_unlock : unlock;
    const struct lab_lengths *const section =
        self->index < course->plan.long_threads ? &course->long_section : &course->section;
    const struct lab_zipf *const zipf = course->zipf;
    const unsigned percent = course->plan.reads, lines = course->plan.lines;
    const bool waits = course->plan.waits;
    uint64_t random = self->random, seen = 0;
    unsigned reads = 0;
    for (unsigned i = 0; i < passes; i++) {
        bool read = percent == 100 || (percent > 0 && lab_random_below(&random, 100) < percent);
        uint32_t inside = lab_lengths_draw(section, &random);
        uint32_t between = lab_lengths_draw(&course->outside, &random);
        unsigned which = zipf ? lab_zipf_draw(zipf, &random) : 0;
        char *const place = lab_place_at(course, which);
        uint64_t *const sections = (uint64_t *)(void *)place;
        void *const memory = lab_lock_at(course, which), *const waiter = lab_waiter_at(self, which);
        (read ? read_lock : lock)(memory, waiter);
        struct lab_grant *grant = NULL;
        if (waits) {
            uint64_t got = lab_ticks();
            note_wait(self, asked, got);
            if (self->latencies)
                note_latency(self, asked, got);
            grant = note_grant(self, asked, got);
        }
        /* Read at the beginning and written at the end, so that one thread that comes into the section of
         * another spoils the sum, also where the two only take turns. */
        uint64_t written = *sections;
        __asm__ volatile("" : "+r"(written));
        lab_work(inside);
        seen += touch(place, lines, read);
        if (read)
            seen += written;
        else
            *sections = written + 1;
        (read ? read_unlock : unlock)(memory, waiter);
        if (grant)
            grant->left = lab_ticks();
        lab_work(between);
        reads += read;
    }
    self->random = random;
    self->seen += seen;
    self->written += passes - reads;
    return reads;
}

void lab_pass_until_end(struct lab_passer *self)
{
    const struct lab_course *course = self->course;
    uint32_t *count = self->counts, *const last = count + course->plan.windows + 1;
    uint64_t boundary = course->start, stamp = lab_ticks();
    unsigned stride = 1; /* passes between two stamps */
    const bool open = course->plan.interval_ns > 0;
    self->late = stamp >= course->start;
    self->intended = open ? stamp : UINT64_MAX;
    while (stamp < course->end) {
        if (open) {
            stamp = await_turn(self);
            if (stamp >= course->end)
                break;
        }
        uint64_t before = stamp;
        unsigned reads = pass(self, stride, stamp);
        stamp = lab_ticks();
        for (; stamp >= boundary && count < last; boundary += course->window)
            count++;
        *count += stride;
        if (count > self->counts && count < last)
            self->reads += reads;
        if (open)
            self->intended += lab_lengths_draw(&course->interval, &self->random);
        if (!course->plan.waits) {
            if (stamp - before > course->stride_ticks)
                stride = stride > 1 ? stride / 2 : 1;
            else if (stamp - before < course->stride_ticks / 2 && stride < STRIDE_MAX)
                stride *= 2;
        }
    }
    if (open)
        note_missed(self);
}
