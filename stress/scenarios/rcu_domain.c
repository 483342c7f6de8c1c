/* A domain, its thread, a reader and one or two who defer. Oracle: what a reader finds in a section stays
 * whole; destructors run once each, and are over when a barrier or the end has passed; a bound makes room
 * before it lets others in. What an object holds is plain, and spoilt by the destructor. */
#include "scenario.h"

#include <errno.h>
#include <quiesce/concurrency/rcu_domain.h>
#include <stdlib.h>

struct object {
    int word; // plain
    qsc_rcu_node node;
};

static qsc_rcu_domain domain;
static _Atomic(struct object *) current;
static int destroyed; // plain: by the domain's thread
static _Atomic int alive;

static struct object *make(void)
{
    struct object *object = malloc(sizeof *object);
    assert(object);
    object->word = 1;
    atomic_fetch_add_explicit(&alive, 1, memory_order_relaxed);
    return object;
}

static void destroy(qsc_rcu_node *node)
{
    struct object *object = (struct object *)((char *)node - offsetof(struct object, node));
    assert(object->word == 1);
    object->word = -1;
    free(object);
    destroyed++;
    atomic_fetch_sub_explicit(&alive, 1, memory_order_relaxed);
}

static void begin(uint64_t max_objects, uint64_t max_bytes)
{
    const struct qsc_rcu_domain_config bounds = {max_objects, max_bytes};
    int error = qsc_rcu_domain_init(&domain, &bounds);
    assert(error == 0);
}

static void end(int deferred)
{
    qsc_rcu_domain_fini(&domain);
    assert(destroyed == deferred);
}

static void defer(struct object *object)
{
    int error = qsc_rcu_defer(&domain, &object->node, 2, destroy);
    assert(error == 0);
}

static void nothing(void)
{
    begin(0, 0);
    end(0);
}

static void *look(void *unused)
{
    qsc_rcu_read_lock();
    struct object *object = atomic_load_explicit(&current, memory_order_acquire); // pairs with reader
    assert(!object || object->word == 1);
    qsc_rcu_read_unlock();
    return unused;
}

static void reader(void)
{
    begin(0, 0);
    struct object *object = make();
    atomic_store_explicit(&current, object, memory_order_release); // pairs with look
    pthread_t other = scenario_start(look, NULL);
    atomic_store_explicit(&current, NULL, memory_order_relaxed);
    defer(object);
    scenario_join(other);
    end(1);
}

// The second of at most one waits for the first.
static void room(void)
{
    begin(1, 0);
    for (int i = 0; i < 2; i++) {
        defer(make());
        assert(atomic_load_explicit(&alive, memory_order_relaxed) <= 1);
    }
    end(2);
}

static void larger_than_bound(void)
{
    begin(0, 1);
    defer(make());
    end(1);
}

static void full_in_section(void)
{
    begin(1, 0);
    struct object *object = make();
    qsc_rcu_read_lock();
    defer(make());
    int error = qsc_rcu_trydefer(&domain, &object->node, 1, destroy);
    assert(error == EAGAIN);
    error = qsc_rcu_defer(&domain, &object->node, 1, destroy);
    assert(error == EDEADLK);
    qsc_rcu_read_unlock();
    free(object);
    end(1);
}

static void barrier(void)
{
    begin(0, 0);
    defer(make());
    int error = qsc_rcu_barrier(&domain);
    assert(error == 0 && destroyed == 1);
    end(1);
}

static void *defer_one(void *unused)
{
    defer(make());
    return unused;
}

static void two_defer(void)
{
    begin(0, 0);
    pthread_t other = scenario_start(defer_one, NULL);
    defer(make());
    scenario_join(other);
    end(2);
}

static void defer_again(qsc_rcu_node *node)
{
    int error = qsc_rcu_defer(&domain, node, 1, destroy); // there is no room beside itself
    assert(error == EDEADLK);
    destroy(node);
}

static void from_destructor(void)
{
    begin(1, 0);
    struct object *object = make();
    int error = qsc_rcu_defer(&domain, &object->node, 1, defer_again);
    assert(error == 0);
    end(1);
}

static qsc_cancel token;
static int reason; // plain: who is cancelled comes after it

static void *cancel(void *unused)
{
    reason = 1;
    qsc_cancel_request(&token);
    return unused;
}

// There may be room before it is cancelled, or not.
static void room_cancelled(void)
{
    begin(1, 0);
    defer(make());
    pthread_t other = scenario_start(cancel, NULL);
    struct object *object = make();
    int error = qsc_rcu_defer_cancellable(&domain, &object->node, 1, destroy, NULL, &token);
    assert(error == 0 || (error == ECANCELED && reason == 1));
    scenario_join(other);
    if (error)
        free(object);
    end(error ? 1 : 2);
}

static void barrier_cancelled(void)
{
    begin(0, 0);
    defer(make());
    pthread_t other = scenario_start(cancel, NULL);
    int error = qsc_rcu_barrier_cancellable(&domain, NULL, &token);
    assert(error ? error == ECANCELED && reason == 1 : destroyed == 1);
    scenario_join(other);
    end(1);
}

static void tries(void)
{
    begin(0, 0);
    defer(make());
    if (qsc_rcu_trybarrier(&domain))
        assert(destroyed == 1);
    end(1);
}

int main(int argc, char **argv)
{
    static const struct scenario all[] = {
        {"nothing", nothing},
        {"reader", reader},
        {"room", room},
        {"larger-than-bound", larger_than_bound},
        {"full-in-section", full_in_section},
        {"barrier", barrier},
        {"two-defer", two_defer},
        {"from-destructor", from_destructor},
        {"room-cancelled", room_cancelled},
        {"barrier-cancelled", barrier_cancelled},
        {"tries", tries},
    };
    return scenario_main(all, sizeof all / sizeof *all, argc, argv);
}
