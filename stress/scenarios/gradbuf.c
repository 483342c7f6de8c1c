/* The buffers with vectors of one or two elements, in blocks of one (QSC_GRADBUF_BLOCK; a row is a block,
 * too). Oracle: the sum is that of all contributions; nobody is left asleep; a race where a shard, a block or
 * an accumulator changes hands without order. */
#include "scenario.h"

#include <errno.h>
#include <quiesce/concurrency/gradbuf.h>

static qsc_gradbuf buffers;
static size_t size;

static void init(size_t elements, uint32_t shards)
{
    size = elements;
    int error = qsc_gradbuf_init(&buffers, elements, shards);
    assert(error == 0);
}

static void open_round(uint32_t contributions)
{
    int error = qsc_gradbuf_open(&buffers, contributions);
    assert(error == 0);
}

static void contribute(uint32_t index)
{
    float *grad;
    int error = qsc_gradbuf_begin(&buffers, index, &grad);
    assert(error == 0);
    float values[2] = {(float)(index + 1), (float)(index + 1)};
    if (grad)
        memcpy(grad, values, size * sizeof *grad);
    else
        error = qsc_gradbuf_add(&buffers, index, 0, values, size);
    assert(error == 0);
    qsc_gradbuf_commit(&buffers, index);
}

static void *contribute_first(void *unused)
{
    contribute(0);
    return unused;
}

static void *contribute_second(void *unused)
{
    contribute(1);
    return unused;
}

// The reducer may write the sum; whoever fills the accumulator next must come after it.
static void check_and_release(float *sum, float expected)
{
    for (size_t i = 0; i < size; i++) {
        assert(sum[i] == expected);
        sum[i] = -1;
    }
    qsc_gradbuf_release(&buffers);
}

static void reduce(float expected)
{
    float *sum;
    int error = qsc_gradbuf_wait(&buffers, &sum);
    assert(error == 0);
    check_and_release(sum, expected);
}

static bool reduced(float expected)
{
    float *sum;
    int error = qsc_gradbuf_trywait(&buffers, &sum);
    assert(error == 0 || error == EAGAIN);
    if (!error)
        check_and_release(sum, expected);
    return !error;
}

static void *reduce_one(void *unused)
{
    reduce(1);
    return unused;
}

// Two contributions, each in a shard of its own: who adds the second finds the first added, or leaves it to
// whom it will be.
static void add_two(void)
{
    open_round(2);
    pthread_t first = scenario_start(contribute_first, NULL);
    contribute(1);
    bool complete = reduced(3); // at once, not after all that the other thread did
    scenario_join(first);
    bool late = complete || reduced(3);
    assert(late);
    qsc_gradbuf_fini(&buffers);
}

static void one_block(void)
{
    init(1, 2);
    add_two();
}

static void two_blocks(void)
{
    init(2, 2);
    add_two();
}

static void bf16(void)
{
    size = 1;
    int error = qsc_gradbuf_init_bf16(&buffers, size, 2);
    assert(error == 0);
    add_two();
}

static void rows(void)
{
    size = 2;
    int error = qsc_gradbuf_init_rows(&buffers, 2, 1, 2, 2);
    assert(error == 0);
    add_two();
}

static void striped(void)
{
    size = 2;
    int error = qsc_gradbuf_init_striped(&buffers, size);
    assert(error == 0);
    add_two();
}

static void atomic(void)
{
    size = 2;
    int error = qsc_gradbuf_init_atomic(&buffers, size);
    assert(error == 0);
    add_two();
}

static void shard_waits(void)
{
    init(1, 1);
    open_round(2);
    pthread_t first = scenario_start(contribute_first, NULL);
    contribute(1);
    reduce(3);
    scenario_join(first);
    qsc_gradbuf_fini(&buffers);
}

static void sum_waits(void)
{
    init(1, 1);
    open_round(1);
    pthread_t first = scenario_start(contribute_first, NULL);
    reduce(1);
    scenario_join(first);
    qsc_gradbuf_fini(&buffers);
}

// Where contributions have no shards, the last commit is what the reducer waits for.
static void unordered_sum_waits(void)
{
    size = 1;
    int error = qsc_gradbuf_init_striped(&buffers, size);
    assert(error == 0);
    open_round(1);
    pthread_t first = scenario_start(contribute_first, NULL);
    reduce(1);
    scenario_join(first);
    qsc_gradbuf_fini(&buffers);
}

// The reducer waits for two threads at once, and either may be the one that ends the round.
static void sum_of_two_waits(void)
{
    init(1, 2);
    open_round(2);
    pthread_t threads[] = {scenario_start(contribute_first, NULL), scenario_start(contribute_second, NULL)};
    reduce(3);
    for (int i = 0; i < 2; i++)
        scenario_join(threads[i]);
    qsc_gradbuf_fini(&buffers);
}

// The third round needs the accumulator of the first.
static void open_waits(void)
{
    init(1, 1);
    open_round(1);
    contribute(0);
    pthread_t reducer = scenario_start(reduce_one, NULL);
    open_round(1);
    contribute(0);
    open_round(1);
    contribute(0);
    scenario_join(reducer);
    qsc_gradbuf_fini(&buffers);
}

// A round may be opened as soon as the one before is complete, whoever completes it.
static void open_waits_for_complete(void)
{
    init(1, 1);
    open_round(1);
    pthread_t producer = scenario_start(contribute_first, NULL);
    open_round(1);
    contribute(0);
    scenario_join(producer);
    reduce(1);
    qsc_gradbuf_fini(&buffers);
}

static int before_abort; // plain: who is told of the abort comes after it

static void *give_up(void *unused)
{
    before_abort = 1;
    qsc_gradbuf_abort(&buffers);
    return unused;
}

static void abort_wakes(void)
{
    init(1, 1);
    open_round(1);
    pthread_t other = scenario_start(give_up, NULL);
    float *sum;
    int error = qsc_gradbuf_wait(&buffers, &sum);
    assert(error == ECANCELED && before_abort == 1);
    scenario_join(other);
    qsc_gradbuf_fini(&buffers);
}

static qsc_cancel token;
static int before_request; // plain: who is cancelled comes after it

static void *cancel(void *unused)
{
    before_request = 1;
    qsc_cancel_request(&token);
    return unused;
}

static void check_cancelled(int error)
{
    assert(error == ECANCELED && before_request == 1);
}

// What was waited for in vain can be waited for again.
static void open_cancelled(void)
{
    init(1, 1);
    open_round(1);
    pthread_t other = scenario_start(cancel, NULL);
    check_cancelled(qsc_gradbuf_open_cancellable(&buffers, 1, NULL, &token));
    contribute(0);
    reduce(1);
    open_round(1);
    contribute(0);
    reduce(1);
    scenario_join(other);
    qsc_gradbuf_fini(&buffers);
}

static void begin_cancelled(void)
{
    float *grad;
    init(1, 1);
    open_round(2);
    pthread_t other = scenario_start(cancel, NULL);
    check_cancelled(qsc_gradbuf_begin_cancellable(&buffers, 1, &grad, NULL, &token));
    contribute(0);
    contribute(1);
    reduce(3);
    scenario_join(other);
    qsc_gradbuf_fini(&buffers);
}

static void *contribute_and_cancel(void *unused)
{
    contribute(0);
    return cancel(unused);
}

// The sum may be there before it is cancelled, or not be seen.
static void sum_cancelled(void)
{
    float *sum;
    init(1, 1);
    open_round(1);
    pthread_t other = scenario_start(contribute_and_cancel, NULL);
    int error = qsc_gradbuf_wait_cancellable(&buffers, &sum, NULL, &token);
    if (error) {
        check_cancelled(error);
        reduce(1);
    } else {
        check_and_release(sum, 1);
    }
    scenario_join(other);
    qsc_gradbuf_fini(&buffers);
}

int main(int argc, char **argv)
{
    static const struct scenario all[] = {
        {"one-block", one_block},
        {"two-blocks", two_blocks},
        {"bf16", bf16},
        {"rows", rows},
        {"striped", striped},
        {"atomic", atomic},
        {"shard-waits", shard_waits},
        {"sum-waits", sum_waits},
        {"unordered-sum-waits", unordered_sum_waits},
        {"sum-of-two-waits", sum_of_two_waits},
        {"open-waits", open_waits},
        {"open-waits-for-complete", open_waits_for_complete},
        {"abort-wakes", abort_wakes},
        {"open-cancelled", open_cancelled},
        {"begin-cancelled", begin_cancelled},
        {"sum-cancelled", sum_cancelled},
    };
    return scenario_main(all, sizeof all / sizeof *all, argc, argv);
}
