/* hazard.c: the scan.
 *
 * What is retired stands in one list of the domain's, which threads push to and a scan takes as a whole: no
 * thread has garbage of its own. What the scan finds protected it pushes again. */
#include <quiesce/concurrency/hazard.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#define LEAST_BATCH 64

int qsc_hazard_domain_init(qsc_hazard_domain *domain, unsigned slots)
{
    *domain = (qsc_hazard_domain){.slots = slots};
    if (!slots)
        return EINVAL;
    return qsc_per_thread_init(&domain->records, sizeof(struct qsc_hazards) + slots * sizeof(void *));
}

int qsc_hazard_domain_fini(qsc_hazard_domain *domain)
{
    while (qsc_hazard_scan(domain))
        continue;
    if (domain->retired)
        return EBUSY;
    qsc_per_thread_fini(&domain->records);
    return 0;
}

// A new record: either a scan finds it among the others, or its thread finds what was changed before the
// scan.
struct qsc_hazards *qsc_hazard_register_slow(qsc_hazard_domain *domain, struct qsc_hazards *mine)
{
    if (!mine)
        return NULL;
    // acq_rel: pairs with the same in qsc_hazard_scan, one way or the other
    (void)__atomic_fetch_add(&domain->threads, 1, __ATOMIC_ACQ_REL);
    mine->known = true;
    return mine;
}

// Pushes the list from first to last, of `count` nodes.
static void push(qsc_hazard_domain *domain, qsc_hazard_node *first, qsc_hazard_node *last, uint64_t count)
{
    (void)__atomic_fetch_add(&domain->count, count, __ATOMIC_RELAXED); // first: a scan takes them away
    last->next = __atomic_load_n(&domain->retired, __ATOMIC_RELAXED);
    // release: pairs with the exchange in qsc_hazard_scan
    while (!__atomic_compare_exchange_n(&domain->retired, &last->next, first, true, __ATOMIC_RELEASE,
                                        __ATOMIC_RELAXED))
        continue;
}

static uint64_t length(const qsc_hazard_node *list)
{
    uint64_t n = 0;
    for (; list; list = list->next)
        n++;
    return n;
}

// Moves the node of the object from one list to the other, if it is there.
static void move(qsc_hazard_node **from, qsc_hazard_node **to, const void *object)
{
    while (*from && (*from)->object != object)
        from = &(*from)->next;
    qsc_hazard_node *node = *from;
    if (!node)
        return;
    *from = node->next;
    node->next = *to;
    *to = node;
}

// Moves what a slot names from one list to the other.
static void move_protected(qsc_hazard_domain *domain, qsc_hazard_node **from, qsc_hazard_node **to)
{
    // acq_rel: pairs with the same in qsc_hazard_register_slow, one way or the other
    (void)__atomic_fetch_add(&domain->threads, 0, __ATOMIC_ACQ_REL);
    struct qsc_hazards *each = NULL;
    while ((each = qsc_per_thread_next(&domain->records, each))) {
        // acq_rel: pairs with the same in qsc_hazard_set, one way or the other
        (void)__atomic_fetch_add(&each->turn, 1, __ATOMIC_ACQ_REL);
        for (unsigned slot = 0; slot < domain->slots; slot++) {
            // acquire: pairs with the releases in qsc_hazard_set and qsc_hazard_clear
            const void *object = __atomic_load_n(&each->slots[slot], __ATOMIC_ACQUIRE);
            if (object)
                move(from, to, object);
        }
    }
}

static void destroy_all(qsc_hazard_node *list)
{
    while (list) {
        qsc_hazard_node *next = list->next; // the node goes with its object
        list->destroy(list->object);
        list = next;
    }
}

bool qsc_hazard_scan(qsc_hazard_domain *domain)
{
    static __thread const qsc_hazard_domain *scanned; // by this thread, below this call
    const qsc_hazard_domain *below = scanned;
    if (below == domain) // destructors that retire what hangs below need no deep stack
        return false;
    // acquire: pairs with push
    qsc_hazard_node *list = __atomic_exchange_n(&domain->retired, NULL, __ATOMIC_ACQUIRE), *kept = NULL;
    if (!list)
        return false;
    (void)__atomic_fetch_sub(&domain->count, length(list), __ATOMIC_RELAXED);
    move_protected(domain, &list, &kept);
    if (kept) {
        qsc_hazard_node *last = kept;
        while (last->next)
            last = last->next;
        push(domain, kept, last, length(kept));
    }
    bool any = list;
    scanned = domain;
    destroy_all(list);
    scanned = below;
    return any;
}

static uint64_t batch(const qsc_hazard_domain *domain)
{
    uint64_t slots = (uint64_t)__atomic_load_n(&domain->threads, __ATOMIC_RELAXED) * domain->slots;
    return 2 * slots > LEAST_BATCH ? 2 * slots : LEAST_BATCH;
}

void qsc_hazard_retire(qsc_hazard_domain *domain, qsc_hazard_node *node, void *object,
                       void (*destroy)(void *object))
{
    *node = (qsc_hazard_node){NULL, object, destroy};
    push(domain, node, node, 1);
    if (__atomic_load_n(&domain->count, __ATOMIC_RELAXED) >= batch(domain))
        (void)qsc_hazard_scan(domain);
}

int qsc_hazard_domain_dump(const qsc_hazard_domain *domain, char *text, size_t size)
{
    unsigned protections = 0;
    const struct qsc_hazards *each = NULL;
    while ((each = qsc_per_thread_next(&domain->records, each)))
        for (unsigned slot = 0; slot < domain->slots; slot++)
            protections += __atomic_load_n(&each->slots[slot], __ATOMIC_RELAXED) != NULL;
    return snprintf(text, size,
                    "%" PRIu64 " retired of at most %" PRIu64 ", %" PRIu32 " threads, %u protections",
                    __atomic_load_n(&domain->count, __ATOMIC_RELAXED), batch(domain),
                    __atomic_load_n(&domain->threads, __ATOMIC_RELAXED), protections);
}
