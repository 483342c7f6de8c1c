#include "failing.h"
#include "threads.h"

#include <errno.h>
#include <quiesce/concurrency/hazard.h>
#include <stdint.h>
#include <string.h>

/* The linker routes this through the test, which can make it fail. */
static _Thread_local int value_error;
int __real_pthread_setspecific(pthread_key_t key, const void *value);
int __wrap_pthread_setspecific(pthread_key_t key, const void *value);
int __wrap_pthread_setspecific(pthread_key_t key, const void *value)
{
    return value_error ? value_error : __real_pthread_setspecific(key, value);
}

enum { LEAST_BATCH = 64 };

struct object {
    int destroyed;
    struct object *carried;
    qsc_hazard_node node;
};

static qsc_hazard_domain domain;

static void begin(unsigned slots)
{
    cr_assert_eq(qsc_hazard_domain_init(&domain, slots), 0);
}

static void end(void)
{
    cr_assert_eq(qsc_hazard_domain_fini(&domain), 0);
}

static void retire(struct object *object);

static void destroy(void *arg)
{
    struct object *object = arg;
    object->destroyed++;
    if (object->carried)
        retire(object->carried);
}

static void retire(struct object *object)
{
    qsc_hazard_retire(&domain, &object->node, object, destroy);
}

static struct qsc_hazards *get(void)
{
    struct qsc_hazards *mine = qsc_hazard_get(&domain);
    cr_assert_not_null(mine);
    cr_assert_eq(qsc_hazard_get(&domain), mine);
    return mine;
}

TestSuite(hazard, .timeout = 30);

Test(hazard, what_is_protected_stays)
{
    struct object objects[3] = {0}, *place = &objects[0];
    begin(2);
    struct qsc_hazards *mine = get();
    cr_assert_eq(qsc_hazard_protect(mine, 0, &place), &objects[0]);
    place = &objects[1];
    cr_assert_eq(qsc_hazard_protect(mine, 1, &place), &objects[1]);
    place = NULL;
    for (int i = 0; i < 3; i++)
        retire(&objects[i]);
    cr_assert(qsc_hazard_scan(&domain));
    cr_assert_not(qsc_hazard_scan(&domain));
    cr_assert_eq(objects[0].destroyed + objects[1].destroyed, 0);
    cr_assert_eq(objects[2].destroyed, 1);
    cr_assert_null(qsc_hazard_protect(mine, 0, &place), "and the slot is empty");
    cr_assert(qsc_hazard_scan(&domain));
    cr_assert_eq(objects[0].destroyed, 1);
    cr_assert_eq(objects[1].destroyed, 0);
    qsc_hazard_clear(mine, 1);
    cr_assert(qsc_hazard_scan(&domain));
    cr_assert_eq(objects[1].destroyed, 1);
    end();
}

Test(hazard, pointers_with_marks)
{
    struct object object = {0};
    uintptr_t place = (uintptr_t)&object | 1;
    begin(1);
    struct qsc_hazards *mine = get();
    qsc_hazard_set(mine, 0, (void *)(place & ~(uintptr_t)1));
    cr_assert_eq(__atomic_load_n(&place, __ATOMIC_ACQUIRE), (uintptr_t)&object | 1, "reachable still");
    retire(&object);
    cr_assert_not(qsc_hazard_scan(&domain));
    qsc_hazard_set(mine, 0, NULL);
    cr_assert(qsc_hazard_scan(&domain));
    end();
}

static int destroyed(const struct object *objects, int count)
{
    int sum = 0;
    for (int i = 0; i < count; i++)
        sum += objects[i].destroyed;
    return sum;
}

Test(hazard, a_batch_is_destroyed_when_it_is_full)
{
    struct object objects[2 * LEAST_BATCH] = {0};
    begin(1);
    for (int i = 0; i < LEAST_BATCH - 1; i++)
        retire(&objects[i]);
    cr_assert_eq(destroyed(objects, LEAST_BATCH), 0);
    retire(&objects[LEAST_BATCH - 1]);
    cr_assert_eq(destroyed(objects, LEAST_BATCH), LEAST_BATCH);
    for (int i = LEAST_BATCH; i < 2 * LEAST_BATCH; i++)
        retire(&objects[i]);
    cr_assert_eq(destroyed(objects, 2 * LEAST_BATCH), 2 * LEAST_BATCH);
    end();
}

Test(hazard, a_batch_is_twice_the_slots_of_all_threads)
{
    enum { SLOTS = 50 };
    struct object objects[2 * SLOTS] = {0};
    begin(SLOTS);
    struct qsc_hazards *mine = get();
    for (unsigned i = 0; i < SLOTS; i++)
        qsc_hazard_set(mine, i, &objects[i]);
    for (int i = 0; i < 2 * SLOTS - 1; i++)
        retire(&objects[i]);
    cr_assert_eq(destroyed(objects, 2 * SLOTS), 0);
    retire(&objects[2 * SLOTS - 1]);
    cr_assert_eq(destroyed(objects, 2 * SLOTS), SLOTS, "all that no slot names");
    for (unsigned i = 0; i < SLOTS; i++)
        qsc_hazard_clear(mine, i);
    end();
    cr_assert_eq(destroyed(objects, 2 * SLOTS), 2 * SLOTS);
}

Test(hazard, the_end_waits_for_no_one_and_drops_nothing)
{
    struct object objects[2] = {[0] = {.carried = &objects[1]}}, *place = &objects[0];
    begin(1);
    struct qsc_hazards *mine = get();
    (void)qsc_hazard_protect(mine, 0, &place);
    retire(&objects[0]);
    cr_assert_eq(qsc_hazard_domain_fini(&domain), EBUSY);
    cr_assert_eq(objects[0].destroyed, 0);
    qsc_hazard_clear(mine, 0);
    end();
    cr_assert_eq(destroyed(objects, 2), 2, "and what a destructor retired");
}

static void *retire_in_thread(void *object)
{
    struct qsc_hazards *mine = qsc_hazard_get(&domain);
    retire(object);
    return mine;
}

Test(hazard, a_thread_that_exits_leaves_nothing_to_itself)
{
    struct object objects[20] = {0};
    begin(1);
    void *first = join(start(retire_in_thread, &objects[0]));
    cr_assert_not_null(first);
    for (int i = 1; i < 20; i++)
        cr_assert_eq(join(start(retire_in_thread, &objects[i])), first, "nor its slots");
    cr_assert(qsc_hazard_scan(&domain));
    cr_assert_eq(destroyed(objects, 20), 20);
    end();
}

enum { LINKS = 5000, CHAINED = LINKS * LEAST_BATCH }; // as many chains as make a batch

static void *retire_chains(void *objects)
{
    for (int i = 0; i < LEAST_BATCH; i++)
        retire((struct object *)objects + i);
    return qsc_hazard_domain_fini(&domain) == 0 ? objects : NULL;
}

Test(hazard, long_chains_need_no_deep_stack)
{
    struct object *objects = calloc(CHAINED, sizeof *objects);
    for (int i = 0; i < CHAINED - LEAST_BATCH; i++)
        objects[i].carried = &objects[i + LEAST_BATCH];
    begin(1);
    pthread_attr_t attributes;
    pthread_t thread;
    cr_assert_eq(pthread_attr_init(&attributes), 0);
    cr_assert_eq(pthread_attr_setstacksize(&attributes, 256 * 1024), 0);
    cr_assert_eq(pthread_create(&thread, &attributes, retire_chains, objects), 0);
    cr_assert_eq(join(thread), objects);
    pthread_attr_destroy(&attributes);
    cr_assert_eq(destroyed(objects, CHAINED), CHAINED);
    free(objects);
}

static qsc_hazard_domain other;
static bool scanned_here, scanned_there;

static void scan_inside(void *unused)
{
    (void)unused;
    scanned_here = qsc_hazard_scan(&domain);
    scanned_there = qsc_hazard_scan(&other);
}

Test(hazard, a_destructor_may_scan_another_domain)
{
    struct object objects[3] = {0};
    begin(1);
    cr_assert_eq(qsc_hazard_domain_init(&other, 1), 0);
    qsc_hazard_retire(&other, &objects[0].node, &objects[0], destroy);
    qsc_hazard_retire(&domain, &objects[1].node, &objects[1], scan_inside);
    cr_assert(qsc_hazard_scan(&domain));
    cr_assert_not(scanned_here);
    cr_assert(scanned_there);
    retire(&objects[2]);
    cr_assert(qsc_hazard_scan(&domain), "and this one afterwards");
    end();
    cr_assert_eq(qsc_hazard_domain_fini(&other), 0);
}

static void *get_without_hook(void *unused)
{
    value_error = ENOMEM;
    struct qsc_hazards *none = qsc_hazard_get(&domain);
    value_error = 0;
    return none ? unused : qsc_hazard_get(&domain);
}

Test(hazard, without_slots_memory_or_an_exit_hook)
{
    struct object object = {0};
    cr_assert_eq(qsc_hazard_domain_init(&domain, 0), EINVAL);
    begin(1);
    cr_assert_not_null(join(start(get_without_hook, NULL)));
    end();
    long k = 0;
    for (; k == 0 || failing_happened(); k++) {
        failing_at(k);
        int error = qsc_hazard_domain_init(&domain, 3);
        cr_assert(error == 0 || error == ENOMEM);
        if (!error) {
            (void)!qsc_hazard_get(&domain);
            retire(&object); // which needs no memory
            end();
        }
        cr_assert_eq(failing_live(), 0, "allocation %ld", k + 1);
    }
    cr_assert_gt(k, 2);
    failing_off();
}

Test(hazard, its_state_in_words)
{
    char text[128];
    struct object objects[2] = {0};
    begin(2);
    struct qsc_hazards *mine = get();
    retire(&objects[0]);
    retire(&objects[1]);
    qsc_hazard_set(mine, 1, &objects[1]);
    cr_assert_eq(qsc_hazard_domain_dump(&domain, text, sizeof text), (int)strlen(text));
    cr_assert_str_eq(text, "2 retired of at most 64, 1 threads, 1 protections");
    cr_assert(qsc_hazard_scan(&domain));
    qsc_hazard_domain_dump(&domain, text, sizeof text);
    cr_assert_str_eq(text, "1 retired of at most 64, 1 threads, 1 protections");
    qsc_hazard_clear(mine, 1);
    end();
}
