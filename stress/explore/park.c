#include "park.h"
#include "access.h"

#include "checkpoint.h"
#include "machine.h"
#include "memory.h"
#include "options.h"

#include <errno.h>
#include <string.h>

struct sleeper {
    int thread;
    uint32_t bits;
    uint32_t ticket; // what it waits for; 0: of a thread that sleeps in several queues, one more
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

// A thread is woken by a store to its ticket, which nobody else writes meanwhile. One that sleeps in several
// queues may be woken in each of them, so each of these adds to it.
static struct {
    struct queue *queue[CHUNKS]; // of CHUNK each: a lock's address stays
    int queues;
    uint32_t *ticket[CHUNKS];
    uint32_t *waits[CHUNKS]; // how often each thread was woken in this execution
    int tickets;
} park;

// All but the first ones.
static void forget(int queues, int tickets)
{
    for (int i = queues; i < park.queues; i++) {
        park.queue[i / CHUNK][i % CHUNK].lock = 0;
        park.queue[i / CHUNK][i % CHUNK].sleepers = 0;
    }
    for (int i = tickets; i < park.tickets; i++)
        park.ticket[i / CHUNK][i % CHUNK] = park.waits[i / CHUNK][i % CHUNK] = 0;
}

void qx_park_begin(void)
{
    forget(0, 0);
}

void qx_park_keep(void)
{
    int queues = park.queues, tickets = park.tickets;
    qx_keep(&queues, sizeof queues);
    qx_keep(&tickets, sizeof tickets);
    forget(queues, tickets);
    for (int i = 0; i < queues; i++) {
        struct queue *q = &park.queue[i / CHUNK][i % CHUNK];
        qx_keep(&q->lock, sizeof q->lock);
        qx_keep(&q->sleepers, sizeof q->sleepers);
        qx_keep(q->sleeper, (size_t)q->sleepers * sizeof *q->sleeper);
    }
    for (int i = 0; i < tickets; i++) {
        qx_keep(&park.ticket[i / CHUNK][i % CHUNK], sizeof(uint32_t));
        qx_keep(&park.waits[i / CHUNK][i % CHUNK], sizeof(uint32_t));
    }
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

static struct sleeper self_as_sleeper(uint32_t bits)
{
    int self = qx_self_number();
    return (struct sleeper){self, bits, *of_thread(park.waits, self) + 1};
}

// Waits to be woken `wakes` times more than ever before.
static void await_ticket(uint32_t wakes, const void *site)
{
    uint32_t *waits = of_thread(park.waits, qx_self_number());
    uint32_t expected = *waits += wakes;
    qx_load(
        of_thread(park.ticket, qx_self_number()),
        (struct qx_event){
            .size = 4, .order = QX_RELAXED, .await = {.what = QX_AT_LEAST, .bound = expected}, .site = site});
}

static void await_wake(struct qx_deadline deadline, const void *site)
{
    qx_self()->timed = deadline.at != NULL;
    qx_self()->halt = QX_SLEEPS;
    await_ticket(1, site);
    qx_self()->halt = QX_AWAITS;
    qx_self()->timed = false;
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
    await_wake(deadline, site);
    return 0;
}

// The kernel looks at the word under the lock, which orders it with those who wake. Returns whether the
// thread is among the sleepers now.
static bool enter(struct queue *q, uint32_t *word, uint32_t value, struct sleeper self, const void *site)
{
    pass_lock(q, 1, QX_ACQ_REL, site);
    bool same = qx_load(word, (struct qx_event){.size = 4, .order = QX_RELAXED, .site = site}) == value;
    if (same)
        add_sleeper(q, self);
    uint32_t held = q->lock;
    qx_store(&q->lock, (struct qx_event){.size = 4, .order = QX_RELEASE, .value = held + 1, .site = site});
    qx_self()->futex = word;
    qx_self()->futex_value = (uint32_t)value;
    return same;
}

int qx_park_futex(uint32_t *word, uint32_t value, struct qx_deadline deadline, uint32_t bits,
                  const void *site)
{
    struct queue *q = queue_of(word, site);
    reserve_ticket(qx_self_number());
    bool asleep = enter(q, word, value, self_as_sleeper(bits), site);
    return asleep ? sleep_in(q, deadline, QX_ACQ_REL, site) : EAGAIN;
}

static struct queue *queue_of_futex(const struct futex_waitv *futex, const void *site)
{
    return queue_of((const void *)(uintptr_t)futex->uaddr, site);
}

// Leaves the first `count` queues. Returns the last of those in which it was woken, or QX_NONE. Of its
// wake-ups it has awaited `awaited`; the others are in the making.
static int leave_all(const struct futex_waitv *futexes, int count, uint32_t awaited, const void *site)
{
    int last = QX_NONE;
    uint32_t wakes = 0;
    for (int i = 0; i < count; i++) {
        struct queue *q = queue_of_futex(&futexes[i], site);
        pass_lock(q, 2, QX_RELAXED, site);
        int self = find_self(q);
        if (self != QX_NONE) {
            remove_sleeper(q, self);
        } else {
            last = i;
            wakes++;
        }
    }
    if (wakes > awaited)
        await_ticket(wakes - awaited, site);
    return last;
}

int qx_park_futexes(const struct futex_waitv *futexes, int count, struct qx_deadline deadline,
                    const void *site)
{
    reserve_ticket(qx_self_number());
    struct sleeper self = {qx_self_number(), ~0u, 0};
    for (int i = 0; i < count; i++) {
        uint32_t *word = (uint32_t *)(uintptr_t)futexes[i].uaddr;
        if (!enter(queue_of_futex(&futexes[i], site), word, (uint32_t)futexes[i].val, self, site)) {
            int woken = leave_all(futexes, i, 0, site);
            return woken == QX_NONE ? -EAGAIN : woken;
        }
    }
    bool late = qx_expires(deadline, site);
    if (late || qx_happens(&qx_self()->idle_wakes, qx_options()->idle_wakes, site)) {
        int woken = leave_all(futexes, count, 0, site);
        return woken != QX_NONE ? woken : late ? -ETIMEDOUT : qx_choose(2, site) == 0 ? -EINTR : count - 1;
    }
    await_wake(deadline, site);
    return leave_all(futexes, count, 1, site);
}

void qx_park_announce(const void *key, const void *site)
{
    struct queue *q = queue_of(key, site);
    reserve_ticket(qx_self_number());
    pass_lock(q, 2, QX_RELAXED, site);
    add_sleeper(q, self_as_sleeper(~0u));
}

int qx_park_sleep(const void *key, struct qx_deadline deadline, const void *site)
{
    qx_self()->futex = NULL;
    return sleep_in(queue_of(key, site), deadline, QX_RELAXED, site);
}

static void wake_sleeper(struct queue *q, int i, const void *site)
{
    struct sleeper sleeper = q->sleeper[i];
    uint32_t *ticket = of_thread(park.ticket, sleeper.thread);
    remove_sleeper(q, i);
    if (sleeper.ticket)
        qx_store(ticket,
                 (struct qx_event){.size = 4, .order = QX_RELAXED, .value = sleeper.ticket, .site = site});
    else
        qx_load(ticket, (struct qx_event){.size = 4,
                                          .order = QX_RELAXED,
                                          .rmw = {.op = QX_ADD, .operand = 1, .order = QX_RELAXED},
                                          .site = site});
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
        if (!source->sleeper[0].ticket)
            qx_fail(QX_MISUSE, site, NULL,
                    "FUTEX_REQUEUE of a thread in futex_waitv, which the explorer does not know");
        add_sleeper(target, source->sleeper[0]);
        remove_sleeper(source, 0);
    }
    return moved;
}
