#include "failing.h"
#include "futex.h"
#include "no_thread.h"
#include "snapshot_support.h"

#include <quiesce/concurrency/rcu_domain.h>
#include <sys/wait.h>

struct object {
    atomic_int destroyed;
    pthread_t destroyer;
    qsc_rcu_node node;
};

static qsc_rcu_domain domain;

static void begin(uint64_t max_objects, uint64_t max_bytes)
{
    struct qsc_rcu_domain_config bounds = {max_objects, max_bytes};
    cr_assert_eq(qsc_rcu_domain_init(&domain, &bounds), 0);
}

static void end(void)
{
    qsc_rcu_domain_fini(&domain);
}

static struct object *object_of(qsc_rcu_node *node)
{
    return (struct object *)((char *)node - offsetof(struct object, node));
}

static void destroy(qsc_rcu_node *node)
{
    struct object *object = object_of(node);
    object->destroyer = pthread_self();
    atomic_fetch_add(&object->destroyed, 1);
}

static int defer(struct object *object, uint64_t bytes)
{
    return qsc_rcu_defer(&domain, &object->node, bytes, destroy);
}

static int trydefer(struct object *object, uint64_t bytes)
{
    return qsc_rcu_trydefer(&domain, &object->node, bytes, destroy);
}

static int defer_until(struct object *object, uint64_t bytes, struct timespec deadline)
{
    return qsc_rcu_defer_until(&domain, &object->node, bytes, destroy, &deadline);
}

static struct qsc_rcu_domain_stats stats(void)
{
    struct qsc_rcu_domain_stats stats;
    qsc_rcu_domain_get_stats(&domain, &stats);
    return stats;
}

TestSuite(rcu_domain, .timeout = 30);

Test(rcu_domain, a_destructor_is_called_after_the_sections_and_on_the_domains_thread)
{
    struct object object = {0};
    begin(0, 0);
    qsc_rcu_read_lock();
    cr_assert_eq(defer(&object, 1), 0);
    sleep_ms(20);
    cr_assert_eq(object.destroyed, 0);
    qsc_rcu_read_unlock();
    cr_assert_eq(qsc_rcu_barrier(&domain), 0);
    cr_assert_eq(object.destroyed, 1);
    cr_assert_not(pthread_equal(object.destroyer, pthread_self()));
    end();
    cr_assert_eq(object.destroyed, 1);
}

Test(rcu_domain, a_bound_in_objects_is_kept)
{
    struct object objects[3] = {0};
    begin(2, 0);
    qsc_rcu_read_lock();
    cr_assert_eq(trydefer(&objects[0], 1000), 0);
    cr_assert_eq(defer(&objects[1], 1000), 0);
    cr_assert_eq(trydefer(&objects[2], 0), EAGAIN);
    cr_assert_eq(defer(&objects[2], 0), EDEADLK);
    cr_assert_eq(defer_until(&objects[2], 0, in_ms(1000)), EDEADLK);
    qsc_rcu_read_unlock();
    cr_assert_eq(defer(&objects[2], 0), 0, "waits for room");
    cr_assert_eq(stats().backlog_max, 2);
    end();
    for (int i = 0; i < 3; i++)
        cr_assert_eq(objects[i].destroyed, 1);
}

Test(rcu_domain, a_bound_in_bytes_is_kept_and_what_exceeds_it_waits_alone)
{
    struct object objects[4] = {0};
    begin(0, 100);
    qsc_rcu_read_lock();
    cr_assert_eq(trydefer(&objects[0], 60), 0);
    cr_assert_eq(trydefer(&objects[1], 41), EAGAIN);
    cr_assert_eq(trydefer(&objects[1], 40), 0);
    cr_assert_eq(trydefer(&objects[2], 1), EAGAIN);
    cr_assert_eq(trydefer(&objects[2], UINT64_MAX), EAGAIN);
    qsc_rcu_read_unlock();
    cr_assert_eq(defer(&objects[2], UINT64_MAX), 0);
    cr_assert_leq(stats().backlog_bytes, 100);
    cr_assert_eq(qsc_rcu_barrier(&domain), 0);
    cr_assert_eq(trydefer(&objects[3], UINT64_MAX), 0);
    end();
    for (int i = 0; i < 4; i++)
        cr_assert_eq(objects[i].destroyed, 1);
}

/* A reader that holds up the domain until told. */
static atomic_bool inside, leave;

static void *read_until_told(void *unused)
{
    qsc_rcu_read_lock();
    atomic_store(&inside, true);
    AWAIT(atomic_load(&leave));
    qsc_rcu_read_unlock();
    return unused;
}

static pthread_t hold_up(void)
{
    atomic_store(&inside, false);
    atomic_store(&leave, false);
    pthread_t reader = start(read_until_told, NULL);
    AWAIT(atomic_load(&inside));
    return reader;
}

static void let_go(pthread_t reader)
{
    atomic_store(&leave, true);
    join(reader);
}

static void *defer_in_thread(void *object)
{
    return defer(object, 1) ? NULL : object;
}

Test(rcu_domain, who_waits_for_room_is_woken)
{
    struct object objects[2] = {0};
    begin(1, 0);
    pthread_t reader = hold_up();
    cr_assert_eq(defer(&objects[0], 1), 0);
    pthread_t waiter = start(defer_in_thread, &objects[1]);
    char text[128];
    AWAIT((qsc_rcu_domain_dump(&domain, text, sizeof text), strstr(text, " 1 waiting")));
    cr_assert_eq(stats().deferred, 1);
    let_go(reader);
    cr_assert_eq(join(waiter), &objects[1], "and its thread may exit");
    end();
    cr_assert_eq(objects[1].destroyed, 1);
}

Test(rcu_domain, deadlines)
{
    struct object objects[3] = {0};
    begin(1, 0);
    pthread_t reader = hold_up();
    cr_assert_eq(defer_until(&objects[0], 1, in_ms(-1)), 0, "there is room");
    cr_assert_eq(defer_until(&objects[1], 1, in_ms(-1)), ETIMEDOUT);
    cr_assert_eq(defer_until(&objects[1], 1, in_ms(20)), ETIMEDOUT);
    struct timespec soon = in_ms(20), past = in_ms(-1);
    cr_assert_eq(qsc_rcu_barrier_until(&domain, &soon), ETIMEDOUT);
    cr_assert_eq(qsc_rcu_barrier_until(&domain, &past), ETIMEDOUT);
    for (int i = 0; i < 3; i++) {
        cr_assert_eq(defer_until(&objects[1], 1, malformed_deadlines[i]), EINVAL);
        cr_assert_eq(qsc_rcu_barrier_until(&domain, &malformed_deadlines[i]), EINVAL);
    }
    let_go(reader);
    cr_assert_eq(qsc_rcu_barrier_until(&domain, NULL), 0);
    cr_assert_eq(qsc_rcu_barrier_until(&domain, &past), 0, "nothing left");
    cr_assert_eq(qsc_rcu_defer_until(&domain, &objects[1].node, 1, destroy, NULL), 0);
    end();
    cr_assert_eq(objects[0].destroyed + objects[1].destroyed, 2);
}

static qsc_cancel cancel;

static void *defer_or_not(void *object)
{
    struct object *deferred = object;
    int error = qsc_rcu_defer_cancellable(&domain, &deferred->node, 1, destroy, NULL, &cancel);
    return error == ECANCELED ? NULL : object;
}

static void *pass_or_not(void *unused)
{
    int error = qsc_rcu_barrier_cancellable(&domain, NULL, &cancel);
    return error == ECANCELED ? NULL : unused;
}

static void cancel_when_asleep(void *(*wait)(void *), void *arg)
{
    char text[128];
    cancel = (qsc_cancel)QSC_CANCEL_INIT;
    pthread_t waiter = start(wait, arg);
    AWAIT((qsc_rcu_domain_dump(&domain, text, sizeof text), strstr(text, " 1 waiting")));
    qsc_cancel_request(&cancel);
    cr_assert_null(join(waiter));
    cr_assert_null(wait(arg), "it does not sleep");
    AWAIT((qsc_rcu_domain_dump(&domain, text, sizeof text), strstr(text, " 0 waiting")));
}

Test(rcu_domain, a_token_ends_the_waits)
{
    struct object objects[2] = {0};
    struct timespec past = in_ms(-1);
    begin(1, 0);
    pthread_t reader = hold_up();
    cr_assert_eq(qsc_rcu_defer_cancellable(&domain, &objects[0].node, 1, destroy, NULL, NULL), 0);
    cancel_when_asleep(defer_or_not, &objects[1]);
    cancel_when_asleep(pass_or_not, &objects);
    cancel = (qsc_cancel)QSC_CANCEL_INIT;
    cr_assert_eq(qsc_rcu_defer_cancellable(&domain, &objects[1].node, 1, destroy, &past, &cancel), ETIMEDOUT);
    cr_assert_eq(qsc_rcu_barrier_cancellable(&domain, &past, &cancel), ETIMEDOUT);
    cr_assert_not(qsc_rcu_trybarrier(&domain));
    qsc_rcu_read_lock();
    cr_assert_eq(qsc_rcu_barrier_cancellable(&domain, &past, &cancel), EDEADLK);
    qsc_rcu_read_unlock();
    let_go(reader);
    cr_assert_eq(qsc_rcu_barrier(&domain), 0);
    qsc_cancel_request(&cancel);
    cr_assert_not_null(pass_or_not(&objects), "nothing is left");
    qsc_rcu_read_lock();
    cr_assert(qsc_rcu_trybarrier(&domain), "also in a section");
    qsc_rcu_read_unlock();
    cr_assert_not_null(defer_or_not(&objects[1]), "there is room");
    end();
    cr_assert_eq(objects[1].destroyed, 1);
}

Test(rcu_domain, kernel_noise_changes_nothing)
{
    enum { OBJECTS = 300 };
    struct object *objects = calloc(OBJECTS, sizeof *objects);
    futex_reset();
    atomic_store(&futex_noise, true);
    begin(2, 0);
    for (int i = 0; i < OBJECTS; i++)
        cr_assert_eq(defer(&objects[i], 1), 0);
    cr_assert_eq(qsc_rcu_barrier(&domain), 0);
    for (int i = 0; i < OBJECTS; i++)
        cr_assert_eq(objects[i].destroyed, 1);
    end();
    futex_reset();
    free(objects);
}

static int answers[4];

static void ask_from_destructor(qsc_rcu_node *node)
{
    struct object *other = object_of(node) + 1;
    answers[0] = qsc_rcu_barrier(&domain);
    answers[3] = qsc_rcu_trybarrier(&domain);
    answers[1] = trydefer(other, 1);
    answers[2] = defer(other, 1);
    destroy(node);
}

Test(rcu_domain, a_destructor_does_not_wait_for_itself)
{
    struct object objects[2] = {0};
    begin(1, 0);
    qsc_rcu_read_lock();
    cr_assert_eq(qsc_rcu_barrier(&domain), EDEADLK);
    qsc_rcu_read_unlock();
    cr_assert_eq(qsc_rcu_defer(&domain, &objects[0].node, 1, ask_from_destructor), 0);
    cr_assert_eq(qsc_rcu_barrier(&domain), 0);
    cr_assert_eq(answers[0], EDEADLK);
    cr_assert_eq(answers[1], EAGAIN);
    cr_assert_eq(answers[2], EDEADLK);
    cr_assert_eq(answers[3], false, "its own object is not destroyed yet");
    end();
    cr_assert_eq(objects[1].destroyed, 0, "it stayed the caller's");
}

enum { LINKS = 10 };

static void destroy_and_defer_next(qsc_rcu_node *node)
{
    struct object *object = object_of(node);
    destroy(node);
    if (qsc_rcu_defer(&domain, &object[1].node, 1, object[2].destroyed ? destroy : destroy_and_defer_next))
        destroy(node); // the test sees the count
}

Test(rcu_domain, the_end_destroys_everything_that_destructors_defer_too)
{
    struct object objects[LINKS + 1] = {[LINKS] = {.destroyed = 1}};
    begin(0, 0);
    cr_assert_eq(qsc_rcu_defer(&domain, &objects[0].node, 1, destroy_and_defer_next), 0);
    end();
    for (int i = 0; i < LINKS; i++)
        cr_assert_eq(objects[i].destroyed, 1, "number %d", i);
}

static void destroy_in_two_turns(qsc_rcu_node *node)
{
    struct object *object = object_of(node);
    if (atomic_fetch_add(&object->destroyed, 1) == 0 && qsc_snapshot_destroy_yield())
        return;
}

Test(rcu_domain, a_destructor_may_take_turns)
{
    struct object objects[2] = {0};
    begin(0, 0);
    cr_assert_eq(qsc_rcu_defer(&domain, &objects[0].node, 1, destroy_in_two_turns), 0);
    cr_assert_eq(defer(&objects[1], 1), 0);
    end();
    cr_assert_eq(objects[0].destroyed, 2);
    cr_assert_eq(objects[1].destroyed, 1);
}

Test(rcu_domain, one_grace_period_serves_all_that_came_before)
{
    struct object objects[100] = {0};
    begin(0, 0);
    pthread_t reader = hold_up();
    for (int i = 0; i < 100; i++)
        cr_assert_eq(defer(&objects[i], 3), 0);
    struct qsc_rcu_domain_stats before = stats();
    cr_assert_eq(before.deferred, 100);
    cr_assert_eq(before.backlog, 100);
    cr_assert_eq(before.backlog_bytes, 300);
    let_go(reader);
    cr_assert_eq(qsc_rcu_barrier(&domain), 0);
    struct qsc_rcu_domain_stats after = stats();
    cr_assert_eq(after.destroyed, 100);
    cr_assert_eq(after.backlog + after.backlog_bytes, 0);
    cr_assert_eq(after.backlog_bytes_max, 300);
    cr_assert_leq(after.grace_periods, 2);
    cr_assert_gt(after.grace_period_mean_ns, 0);
    cr_assert_geq(after.grace_period_max_ns, after.grace_period_mean_ns);
    end();
}

Test(rcu_domain, a_child_of_fork_may_read_and_its_parent_goes_on)
{
    struct object object = {0};
    begin(0, 0);
    pid_t child = fork();
    if (child == 0) {
        qsc_rcu_read_lock();
        qsc_rcu_read_unlock();
        _exit(0);
    }
    int status;
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert_eq(status, 0);
    cr_assert_eq(defer(&object, 1), 0);
    end();
    cr_assert_eq(object.destroyed, 1);
}

Test(rcu_domain, without_memory_or_a_thread_there_is_no_domain)
{
    failing_at(0);
    cr_assert_eq(qsc_rcu_domain_init(&domain, NULL), ENOMEM);
    failing_at(-1);
    no_thread_error = EAGAIN;
    cr_assert_eq(qsc_rcu_domain_init(&domain, NULL), EAGAIN);
    no_thread_error = 0;
    cr_assert_eq(failing_live(), 0);
    cr_assert_eq(qsc_rcu_domain_init(&domain, NULL), 0);
    end();
    cr_assert_eq(failing_live(), 0);
    failing_off();
}

Test(rcu_domain, its_state_in_words)
{
    char text[160];
    struct object object = {0};
    domain = (qsc_rcu_domain){0};
    qsc_rcu_domain_dump(&domain, text, sizeof text);
    cr_assert_str_eq(text, "no domain");
    begin(0, 0);
    qsc_rcu_read_lock();
    cr_assert_eq(defer(&object, 7), 0);
    AWAIT((qsc_rcu_domain_dump(&domain, text, sizeof text), strstr(text, "deferred")));
    cr_assert_str_eq(text, "1 deferred with 7 bytes, 0 destroyed, 0 waiting, 0 grace periods");
    cr_assert_eq(qsc_rcu_domain_dump(&domain, NULL, 0), (int)strlen(text));
    qsc_rcu_read_unlock();
    end();
}
