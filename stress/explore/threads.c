/* pthread_create and what belongs to it, in the place of the C library's. */
#include "checkpoint.h"
#include "machine.h"
#include "memory.h"
#include "pthreads.h"
#include "real.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#define SITE __builtin_return_address(0)

// A thread is known to the program by its number; 0 would be no thread to std::thread.
pthread_t qx_thread_handle(int number)
{
    return (pthread_t)number + 1;
}

static int number_of(pthread_t thread, const void *site)
{
    int number = (int)thread - 1;
    if (number < 0 || number >= qx_thread_count() || qx_thread_of(number)->state == QX_UNUSED)
        qx_fail(QX_MISUSE, site, NULL, "a thread that does not exist");
    return number;
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *arg)
{
    if (!qx_exploring())
        return QX_REAL(pthread_create)(thread, attributes, start, arg);
    int state = PTHREAD_CREATE_JOINABLE;
    if (attributes)
        pthread_attr_getdetachstate(attributes, &state);
    int number = qx_create(start, arg, SITE);
    qx_thread_of(number)->detached = state == PTHREAD_CREATE_DETACHED;
    *thread = qx_thread_handle(number);
    return 0;
}

int qx_thread_join(pthread_t thread, void **result, const void *site)
{
    int number = number_of(thread, site);
    struct qx_thread *other = qx_thread_of(number);
    if (other->detached || other->joined)
        qx_fail(QX_MISUSE, site, NULL, "thread %d is %s already", number,
                other->joined ? "joined" : "detached");
    if (number == qx_self_number())
        return EDEADLK;
    qx_join(number, site);
    qx_thread_of(number)->joined = true;
    if (result)
        *result = qx_thread_of(number)->result;
    return 0;
}

int pthread_join(pthread_t thread, void **result)
{
    return qx_exploring() ? qx_thread_join(thread, result, SITE) : QX_REAL(pthread_join)(thread, result);
}

void qx_thread_detach(pthread_t thread, const void *site)
{
    qx_thread_of(number_of(thread, site))->detached = true;
}

int pthread_detach(pthread_t thread)
{
    if (!qx_exploring())
        return QX_REAL(pthread_detach)(thread);
    qx_thread_detach(thread, SITE);
    return 0;
}

pthread_t pthread_self(void)
{
    return qx_exploring() ? qx_thread_handle(qx_self_number()) : QX_REAL(pthread_self)();
}

void pthread_exit(void *result)
{
    if (qx_exploring())
        qx_end_thread(result);
    QX_REAL(pthread_exit)(result);
    __builtin_unreachable();
}

// Thread-specific data, with the destructors that run when a thread ends.
enum { KEYS = 128, ROUNDS = PTHREAD_DESTRUCTOR_ITERATIONS };

static struct {
    uint64_t run;
    unsigned keys;
    void (*destructor[KEYS])(void *);
    bool deleted[KEYS];
} specific;

static bool is_key(pthread_key_t key)
{
    return specific.run == qx_run_number() && key < specific.keys && !specific.deleted[key];
}

int pthread_key_create(pthread_key_t *key, void (*destructor)(void *))
{
    if (!qx_exploring())
        return QX_REAL(pthread_key_create)(key, destructor);
    if (specific.run != qx_run_number()) {
        specific.run = qx_run_number();
        specific.keys = 0;
    }
    if (specific.keys == KEYS)
        return EAGAIN;
    specific.destructor[specific.keys] = destructor;
    specific.deleted[specific.keys] = false;
    *key = specific.keys++;
    return 0;
}

int pthread_key_delete(pthread_key_t key)
{
    if (!qx_exploring())
        return QX_REAL(pthread_key_delete)(key);
    if (!is_key(key))
        return EINVAL;
    specific.deleted[key] = true;
    return 0;
}

static void **value_of(pthread_key_t key)
{
    struct qx_thread *self = qx_self();
    if (!self->specific) {
        self->specific = qx_grow(NULL, 0, KEYS * sizeof *self->specific);
        self->specific_run = 0;
    }
    if (self->specific_run != qx_run_number()) {
        self->specific_run = qx_run_number();
        for (int i = 0; i < KEYS; i++)
            self->specific[i] = NULL;
    }
    return &self->specific[key];
}

void *pthread_getspecific(pthread_key_t key)
{
    if (!qx_exploring())
        return QX_REAL(pthread_getspecific)(key);
    return is_key(key) ? *value_of(key) : NULL;
}

int pthread_setspecific(pthread_key_t key, const void *value)
{
    if (!qx_exploring())
        return QX_REAL(pthread_setspecific)(key, value);
    if (!is_key(key))
        return EINVAL;
    *value_of(key) = (void *)(uintptr_t)value;
    return 0;
}

void qx_visit_specific(const struct qx_thread *thread, void (*visit)(const void *start, size_t size))
{
    if (thread->specific && thread->specific_run == qx_run_number())
        visit(thread->specific, KEYS * sizeof *thread->specific);
}

// C++'s variables of each thread's own that are to be destroyed with it.
struct variable {
    void (*destroy)(void *);
    void *object;
};

struct variables {
    struct variable *variable;
    int count, capacity;
};

static struct {
    uint64_t run;
    struct variables *of;
    int threads, capacity;
} variables;

static struct variables *own_variables(void)
{
    int self = qx_self_number();
    if (variables.run != qx_run_number()) {
        variables.run = qx_run_number();
        variables.threads = 0;
    }
    variables.of = qx_room(variables.of, &variables.capacity, self + 1, sizeof *variables.of);
    for (; variables.threads <= self; variables.threads++)
        variables.of[variables.threads].count = 0;
    return &variables.of[self];
}

int __cxa_thread_atexit_impl(void (*destroy)(void *), void *object, void *library);
int __cxa_thread_atexit_impl(void (*destroy)(void *), void *object, void *library)
{
    if (!qx_exploring())
        return QX_REAL(__cxa_thread_atexit_impl)(destroy, object, library);
    struct variables *own = own_variables();
    own->variable = qx_room(own->variable, &own->capacity, own->count + 1, sizeof *own->variable);
    own->variable[own->count++] = (struct variable){destroy, object};
    return 0;
}

static void keep_variables(void)
{
    qx_keep(&variables.run, sizeof variables.run);
    if (variables.run != qx_run_number())
        return;
    qx_keep(&variables.threads, sizeof variables.threads);
    for (int i = 0; i < variables.threads; i++) {
        struct variables *v = &variables.of[i];
        qx_keep(&v->count, sizeof v->count);
        qx_keep(v->variable, (size_t)v->count * sizeof *v->variable);
    }
}

static void keep_specific(void)
{
    qx_keep(&specific.run, sizeof specific.run);
    if (specific.run != qx_run_number())
        return;
    qx_keep(&specific.keys, sizeof specific.keys);
    qx_keep(specific.destructor, specific.keys * sizeof *specific.destructor);
    qx_keep(specific.deleted, specific.keys * sizeof *specific.deleted);
    for (int i = 0; i < qx_thread_count(); i++) {
        const struct qx_thread *t = qx_thread_of(i);
        if (t->state != QX_UNUSED && t->specific && t->specific_run == qx_run_number())
            qx_keep(t->specific, specific.keys * sizeof *t->specific);
    }
}

void qx_threads_keep(void)
{
    keep_variables();
    keep_specific();
}

static bool has_variables(void)
{
    int self = qx_self_number();
    return variables.run == qx_run_number() && self < variables.threads && variables.of[self].count > 0;
}

void qx_destroy_variables(void)
{
    while (has_variables()) {
        struct variables *own = own_variables();
        struct variable last = own->variable[--own->count];
        last.destroy(last.object);
    }
}

void qx_destroy_own(void)
{
    qx_destroy_variables();
    bool any = specific.run == qx_run_number();
    for (int round = 0; any && round < ROUNDS; round++) {
        any = false;
        for (unsigned key = 0; key < specific.keys; key++) {
            void *value = is_key(key) ? *value_of(key) : NULL;
            if (!value || !specific.destructor[key])
                continue;
            *value_of(key) = NULL;
            specific.destructor[key](value);
            any = true;
        }
    }
}
