#include "park.h"
#include "access.h"

#include "machine.h"
#include "memory.h"
#include "options.h"

#include <errno.h>
#include <string.h>

struct sleeper {
    int thread;
    uint32_t bits;
    uint32_t ticket; // what it waits for
};

// The sleepers of a key. The kernel keeps them under a lock, and so do we: `lock` is a location like any
// other, odd while it is held, and the list itself follows the order in which it was taken.
struct queue {
    const void *key;
    uint32_t lock;
    struct sleeper *sleeper;
    int sleepers, capacity;
};

enum { CHUNK = 64, CHUNKS = 1024 };

// A thread is woken by a store to its ticket, which nobody else writes meanwhile.
static struct {
    struct queue *queue[CHUNKS]; // of CHUNK each: a lock's address stays
    int queues;
    uint32_t *ticket[CHUNKS];
    uint32_t *waits[CHUNKS]; // how often each thread was woken in this execution
    int tickets;
} park;

void qx_park_begin(void)
{
    for (int i = 0; i < park.queues; i++) {
        park.queue[i / CHUNK][i % CHUNK].lock = 0;
        park.queue[i / CHUNK][i % CHUNK].sleepers = 0;
    }
    for (int i = 0; i < park.tickets; i++)
        park.ticket[i / CHUNK][i % CHUNK] = park.waits[i / CHUNK][i % CHUNK] = 0;
}

static struct queue *known_queue(const void *key)
{
    for (int i = 0; i < park.queues; i++) {
        struct queue *q = &park.queue[i / CHUNK][i % CHUNK];
        if (q->key == key)
            return q;
    }
    return NULL;
}

bool qx_park_sleeps(const void *key)
{
    const struct queue *q = known_queue(key);
    return q && q->sleepers > 0;
}

static struct queue *queue_of(const void *key, const void *site)
{
    struct queue *known = known_queue(key);
    if (known)
        return known;
    if (park.queues == CHUNK * CHUNKS)
        qx_fail(QX_MISUSE, site, NULL, "too many futexes");
    int i = park.queues++;
    if (i % CHUNK == 0)
        park.queue[i / CHUNK] = qx_grow(NULL, 0, CHUNK * sizeof(struct queue));
    struct queue *q = &park.queue[i / CHUNK][i % CHUNK];
    q->key = key;
    return q;
}

static void reserve_ticket(int thread)
{
    while (park.tickets <= thread) {
        if (park.tickets % CHUNK == 0) {
            park.ticket[park.tickets / CHUNK] = qx_grow(NULL, 0, CHUNK * sizeof(uint32_t));
            park.waits[park.tickets / CHUNK] = qx_grow(NULL, 0, CHUNK * sizeof(uint32_t));
        }
        park.tickets++;
    }
}

// Takes the lock and, with a step of 2, gives it back in the same moment.
static void pass_lock(struct queue *q, int step, int order, const void *site)
{
    qx_load(&q->lock,
            (struct qx_event){.size = 4,
                              .order = (uint8_t)order,
                              .rmw = {.op = QX_ADD, .operand = (qx_value)step, .order = (uint8_t)order},
                              .await = {.what = QX_MASKED, .mask = 1, .bound = 0},
                              .site = site});
}

static uint32_t *of_thread(uint32_t *const *chunks, int thread)
{
    return &chunks[thread / CHUNK][thread % CHUNK];
}

static void add_sleeper(struct queue *q, struct sleeper sleeper)
{
    q->sleeper = qx_room(q->sleeper, &q->capacity, q->sleepers + 1, sizeof *q->sleeper);
    q->sleeper[q->sleepers++] = sleeper;
}

static void remove_sleeper(struct queue *q, int i)
{
    memmove(q->sleeper + i, q->sleeper + i + 1, (size_t)(--q->sleepers - i) * sizeof *q->sleeper);
}

static int find_self(const struct queue *q)
{
    for (int i = 0; i < q->sleepers; i++) {
        if (q->sleeper[i].thread == qx_self_number())
            return i;
    }
    return QX_NONE;
}

static void add_self(struct queue *q, uint32_t bits)
{
    int self = qx_self_number();
    add_sleeper(q, (struct sleeper){self, bits, *of_thread(park.waits, self) + 1});
}

static int sleep_in(struct queue *q, struct qx_deadline deadline, int order, const void *site)
{
    if (qx_expires(deadline, site)) {
        pass_lock(q, 2, order, site);
        int i = find_self(q);
        if (i != QX_NONE) {
            remove_sleeper(q, i);
            return ETIMEDOUT;
        }
    }
    int *idle = &qx_self()->idle_wakes, most = qx_options()->idle_wakes;
    if (qx_happens(idle, most, site)) {
        pass_lock(q, 2, order, site);
        int i = find_self(q);
        if (i != QX_NONE) {
            remove_sleeper(q, i);
            return qx_choose(2, site) == 0 ? EINTR : 0;
        }
    }
    uint32_t *waits = of_thread(park.waits, qx_self_number());
    uint32_t expected = ++*waits;
    qx_self()->timed = deadline.at != NULL;
    qx_self()->halt = QX_SLEEPS;
    qx_load(
        of_thread(park.ticket, qx_self_number()),
        (struct qx_event){
            .size = 4, .order = QX_RELAXED, .await = {.what = QX_AT_LEAST, .bound = expected}, .site = site});
    qx_self()->halt = QX_AWAITS;
    qx_self()->timed = false;
    return 0;
}

// The kernel looks at the word under the lock, which orders it with those who wake.
int qx_park_futex(uint32_t *word, uint32_t value, struct qx_deadline deadline, uint32_t bits,
                  const void *site)
{
    struct queue *q = queue_of(word, site);
    reserve_ticket(qx_self_number());
    pass_lock(q, 1, QX_ACQ_REL, site);
    qx_value seen = qx_load(word, (struct qx_event){.size = 4, .order = QX_RELAXED, .site = site});
    if (seen == value)
        add_self(q, bits);
    uint32_t held = q->lock;
    qx_store(&q->lock, (struct qx_event){.size = 4, .order = QX_RELEASE, .value = held + 1, .site = site});
    qx_self()->futex = word;
    qx_self()->futex_value = value;
    return seen == value ? sleep_in(q, deadline, QX_ACQ_REL, site) : EAGAIN;
}

void qx_park_announce(const void *key, const void *site)
{
    struct queue *q = queue_of(key, site);
    reserve_ticket(qx_self_number());
    pass_lock(q, 2, QX_RELAXED, site);
    add_self(q, ~0u);
}

int qx_park_sleep(const void *key, struct qx_deadline deadline, const void *site)
{
    qx_self()->futex = NULL;
    return sleep_in(queue_of(key, site), deadline, QX_RELAXED, site);
}

static void wake_sleeper(struct queue *q, int i, const void *site)
{
    struct sleeper sleeper = q->sleeper[i];
    remove_sleeper(q, i);
    qx_store(of_thread(park.ticket, sleeper.thread),
             (struct qx_event){.size = 4, .order = QX_RELAXED, .value = sleeper.ticket, .site = site});
}

int qx_park_wake(const void *key, int n, bool first, uint32_t bits, const void *site)
{
    struct queue *q = queue_of(key, site);
    pass_lock(q, 2, first ? QX_ACQ_REL : QX_RELAXED, site);
    int woken = 0;
    for (int i = 0; first && i < q->sleepers && woken < n;) {
        if (q->sleeper[i].bits & bits) {
            wake_sleeper(q, i, site);
            woken++;
        } else {
            i++;
        }
    }
    while (!first && q->sleepers > 0 && woken < n) {
        bool all = n - woken >= q->sleepers; // then it does not matter who comes first
        wake_sleeper(q, all ? 0 : qx_choose(q->sleepers, site), site);
        woken++;
    }
    return woken;
}

int qx_park_move(const void *from, const void *to, int n, const void *site)
{
    struct queue *source = queue_of(from, site), *target = queue_of(to, site);
    pass_lock(source, 2, QX_ACQ_REL, site);
    pass_lock(target, 2, QX_ACQ_REL, site);
    int moved = 0;
    for (; source->sleepers > 0 && moved < n; moved++) {
        add_sleeper(target, source->sleeper[0]);
        remove_sleeper(source, 0);
    }
    return moved;
}
