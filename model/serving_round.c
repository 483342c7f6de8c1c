#define _GNU_SOURCE /* RUSAGE_THREAD */

#include "serving_round.h"

#include <errno.h>
#include <pthread.h>
#include <quiesce/concurrency/alloc.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

enum {
    WARM_UP_NS = 30000000,
    LOOK_NS = 1000,       /* a wait longer than this is looked at: was the thread preempted in it? */
    RETRY_NS = 100000,    /* the publisher's pause when the snapshot is at its bounds */
    RECORDS_PER_S = 60000 /* of a reader; what a faster one does is counted, not recorded */
};

/* What the guard guards: an object of the model's, and where its end is noted. */
struct version {
    void *object;
    int source;
    const struct qsc_serving_model *model;
    uint64_t *gone_ns; /* of the swap that replaces it */
};

struct reader {
    pthread_t thread;
    struct run *run;
    int number;
    struct qsc_serving_request *requests; /* (room) */
    size_t count, room;                   /* count may exceed room: those were not recorded */
    uint64_t mixed;
    long preemptions; /* of this thread, when it last looked */
    int error;
};

struct run {
    struct qsc_serving_round *round;
    qsc_guard *guard;
    struct reader *readers;
    size_t swap_room;
    bool stop;
};

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void sleep_until(uint64_t ns)
{
    struct timespec then = {(time_t)(ns / 1000000000u), (long)(ns % 1000000000u)};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &then, NULL) == EINTR) {
    }
}

/* How often the kernel took the processor from the calling thread although it wanted to go on. */
static long preemptions(void)
{
    struct rusage usage;
    getrusage(RUSAGE_THREAD, &usage); /* fails for bad arguments only */
    return usage.ru_nivcsw;
}

static void version_destroy(void *object)
{
    struct version *version = object;
    version->model->destroy(version->object);
    *version->gone_ns =
        now_ns(); /* read once the guard is destroyed, and with it the thread that runs this */
    qsc_free(version);
}

/* One request. The question's number stands for its place in the cycle. */
static int serve(struct reader *reader, int question)
{
    const struct qsc_serving_round *round = reader->run->round;
    struct qsc_serving_request request = {0};
    struct qsc_hold hold;
    uint64_t fingerprint = 0;
    request.begin_ns = now_ns();
    int code = qsc_guard_acquire(reader->run->guard, &hold);
    request.acquired_ns = now_ns();
    if (code)
        return code;
    request.wait_preempted =
        request.acquired_ns - request.begin_ns > LOOK_NS && preemptions() != reader->preemptions;
    const struct version *version = hold.object;
    int source = version->source;
    code =
        round->model->answer(round->model->context, reader->number, version->object, question, &fingerprint);
    qsc_guard_release(reader->run->guard, &hold);
    request.end_ns = now_ns();
    if (code)
        return code;
    long counted = preemptions();
    request.preempted = counted != reader->preemptions;
    reader->preemptions = counted;
    reader->mixed += fingerprint != round->expected[source * round->model->questions + question];
    if (reader->count < reader->room)
        reader->requests[reader->count] = request;
    reader->count++;
    return 0;
}

static void *read_on(void *argument)
{
    struct reader *reader = argument;
    const struct qsc_serving_round *round = reader->run->round;
    qsc_serving_places_hold(round->places, reader->number);
    reader->preemptions = preemptions();
    int questions = round->model->questions;
    int question = reader->number * questions / round->readers; /* readers start apart from each other */
    while (!__atomic_load_n(&reader->run->stop, __ATOMIC_RELAXED) && !reader->error) {
        reader->error = serve(reader, question);
        question = (question + 1) % questions;
    }
    return NULL;
}

static int publish_next(struct run *run, int source)
{
    struct qsc_serving_round *round = run->round;
    struct qsc_serving_swap *swap = &round->trace.swaps[round->trace.swap_count];
    struct version *version = qsc_alloc(sizeof *version);
    if (!version)
        return ENOMEM;
    *version = (struct version){.source = source, .model = round->model, .gone_ns = &swap[1].gone_ns};
    swap->build_ns = now_ns();
    uint64_t bytes = 0;
    int code = round->model->build(round->model->context, source, &version->object, &bytes);
    if (code) {
        qsc_free(version);
        return code;
    }
    swap->begin_ns = now_ns();
    while ((code = qsc_guard_publish(run->guard, version, bytes, version_destroy)) == EAGAIN) {
        round->refused++;
        sleep_until(now_ns() + RETRY_NS);
    }
    swap->end_ns = now_ns();
    if (code) {
        version_destroy(version);
        return code;
    }
    round->trace.swap_count++;
    return 0;
}

/* Publishes version after version until the round is over, with pauses drawn from 0.75 to 1.25 of the
 * interval, so that the swaps do not keep time with the cycle of questions. */
static int publish_on(struct run *run)
{
    struct qsc_serving_round *round = run->round;
    double interval_ns = round->config->interval_ms * 1e6;
    uint64_t next = round->trace.from_ns;
    int code = 0;
    for (int source = 1; !code; source = (source + 1) % round->model->sources) {
        round->random = round->random * 6364136223846793005u + 1442695040888963407u; /* Knuth's MMIX */
        next += (uint64_t)(interval_ns * (0.75 + 0.5 * (double)(round->random >> 33) / (double)(1u << 31)));
        if (next >= round->trace.to_ns || round->trace.swap_count == run->swap_room)
            break;
        sleep_until(next);
        code = publish_next(run, source);
        uint64_t now = now_ns();
        next = next > now ? next : now; /* a publisher that was held up does not catch up in a burst */
    }
    if (!code)
        sleep_until(round->trace.to_ns);
    return code;
}

static int join_readers(struct run *run, int started)
{
    int code = 0;
    __atomic_store_n(&run->stop, true,
                     __ATOMIC_RELAXED); /* the join orders everything that is read after it */
    for (int i = 0; i < started; i++) {
        pthread_join(run->readers[i].thread, NULL);
        code = code ? code : run->readers[i].error;
    }
    return code;
}

static int start_readers(struct run *run)
{
    for (int i = 0; i < run->round->readers; i++) {
        int code = pthread_create(&run->readers[i].thread, NULL, read_on, &run->readers[i]);
        if (code) {
            (void)join_readers(run, i);
            return code;
        }
    }
    return 0;
}

/* Puts the readers' records behind each other into the trace; what came before the measured time is dropped.
 */
static void collect(struct run *run)
{
    struct qsc_serving_round *round = run->round;
    struct qsc_serving_trace *trace = &round->trace;
    for (int i = 0; i < round->readers; i++) {
        const struct reader *reader = &run->readers[i];
        size_t recorded = reader->count < reader->room ? reader->count : reader->room;
        for (size_t k = 0; k < recorded; k++) {
            if (reader->requests[k].begin_ns >= trace->from_ns && reader->requests[k].end_ns < trace->to_ns)
                trace->requests[trace->request_count++] = reader->requests[k];
        }
        round->answers += reader->count;
        round->mixed += reader->mixed;
        round->unrecorded += reader->count - recorded;
    }
}

/* The readers write straight into the trace's memory: each has a part of it, which collect() closes up. */
static int prepare(struct run *run)
{
    struct qsc_serving_round *round = run->round;
    size_t room = (size_t)((round->seconds + 1) * RECORDS_PER_S);
    run->swap_room = (size_t)(round->seconds * 1e3 / (round->config->interval_ms * 0.75)) + 2;
    run->readers = qsc_alloc_zeroed((size_t)round->readers, sizeof *run->readers);
    round->trace.requests = qsc_alloc((size_t)round->readers * room * sizeof *round->trace.requests);
    round->trace.swaps = qsc_alloc_zeroed(run->swap_room + 1, sizeof *round->trace.swaps);
    if (!run->readers || !round->trace.requests || !round->trace.swaps)
        return ENOMEM;
    for (int i = 0; i < round->readers; i++)
        run->readers[i] = (struct reader){
            .run = run, .number = i, .requests = round->trace.requests + (size_t)i * room, .room = room};
    return qsc_guard_create(&run->guard, round->kind, &round->config->bounds);
}

static int serve_and_publish(struct run *run)
{
    struct qsc_serving_round *round = run->round;
    int code = publish_next(run, 0);
    if (!code)
        code = start_readers(run);
    if (code)
        return code;
    uint64_t from = now_ns() + WARM_UP_NS;
    round->trace.from_ns = from;
    round->trace.to_ns = from + (uint64_t)(round->seconds * 1e9);
    code = publish_on(run);
    int reading = join_readers(run, round->readers);
    return code ? code : reading;
}

int qsc_serving_round_run(struct qsc_serving_round *round)
{
    struct run run = {.round = round};
    round->trace = (struct qsc_serving_trace){0};
    round->answers = round->mixed = round->unrecorded = round->refused = 0;
    qsc_serving_places_hold(round->places,
                            round->places->processors - 1); /* the guard's own thread stays there too */
    int code = prepare(&run);
    if (!code)
        code = serve_and_publish(&run);
    if (run.guard)
        qsc_guard_live_max(run.guard, &round->live_versions_max, &round->live_bytes_max);
    qsc_guard_destroy(run.guard);
    if (!code)
        collect(&run);
    else
        qsc_serving_trace_fini(&round->trace);
    qsc_free(run.readers);
    return code;
}

void qsc_serving_trace_fini(struct qsc_serving_trace *trace)
{
    qsc_free(trace->requests);
    qsc_free(trace->swaps);
    *trace = (struct qsc_serving_trace){0};
}
