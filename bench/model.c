/* bench-model: how many tokens a second the model tags, or learns from, at given sentence lengths; random
 * weights, real tokens only. Tagging packs sentences in the order of the file, each chunk a task of the pool;
 * learning takes the trainer's own steps: 16 sentences, forward, backward, sum, clipping, AdamW, packing. */
#include <quiesce/concurrency/gradbuf.h>
#include <quiesce/concurrency/pool.h>
#include <quiesce/kernels/random.h>
#include <quiesce/model/dataset.h>
#include <quiesce/model/trainer.h>
#include <quiesce/model/training_order.h>
#include <quiesce/model/training_update.h>

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { CHUNK_TOKENS = 256, STEP_SENTENCES = 16, MIN_PASSES = 3, MAX_PASSES = 1000, FIRST_WORD = 1000 };

enum mode { INFER, TRAIN };

struct run {
    qsc_gradbuf gradients; /* of learning */
    const char *shape, *lengths;
    double seconds;
    struct qsc_bert_config config;
    struct qsc_bert_layout layout;
    qsc_bert_plan *plan;
    qsc_bert_weights *weights;
    qsc_pool *pool;
    qsc_bert_workspace **workspaces;   /* (threads) */
    struct qsc_bert_profile *profiles; /* (threads) */
    struct qsc_dataset data;
    /* tagging */
    struct qsc_batch *chunks;
    int32_t *cu_seqlens;
    size_t chunk_count;
    float *logits;
    /* learning */
    struct qsc_training_order order;
    struct qsc_training_update update;
    struct qsc_trainer_config trainer;
    float *m, *v;
    uint64_t step;
    uint64_t update_ns; /* clipping, AdamW and packing */
    int mode, threads, precision;
};

static void fail(const char *what, int code)
{
    fprintf(stderr, "bench-model: %s: %s\n", what, strerror(code));
    exit(1);
}

static enum qsc_bert_use use_of(const struct run *r)
{
    return r->mode == TRAIN ? QSC_BERT_TRAINING : QSC_BERT_INFERENCE;
}

static void check(const char *what, int code)
{
    if (code)
        fail(what, code);
}

static void *memory(size_t count, size_t size)
{
    void *p = calloc(count ? count : 1, size);
    if (!p)
        fail("memory", ENOMEM);
    return p;
}

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void set_shape(struct qsc_bert_config *config, const char *shape)
{
    qsc_bert_config_defaults(config);
    config->num_labels = 9;
    if (strcmp(shape, "minilm-l6") == 0) {
        config->hidden_size = 384;
        config->num_hidden_layers = 6;
        config->intermediate_size = 1536;
    } else if (strcmp(shape, "tiny") == 0) {
        config->hidden_size = 36;
        config->num_attention_heads = 3;
        config->num_hidden_layers = 2;
        config->intermediate_size = 52;
    }
}

/* One length a line. */
static void read_lengths(struct run *r)
{
    FILE *file = fopen(r->lengths, "r");
    if (!file)
        fail(r->lengths, errno);
    size_t room = 1024;
    r->data.first = memory(room + 1, sizeof *r->data.first);
    int length, fields;
    while ((fields = fscanf(file, "%d", &length)) == 1) {
        if (length < 1 || length > r->config.max_position_embeddings)
            fail(r->lengths, ERANGE);
        if (r->data.windows == room) {
            room *= 2;
            r->data.first = realloc(r->data.first, (room + 1) * sizeof *r->data.first);
            if (!r->data.first)
                fail("memory", ENOMEM);
        }
        r->data.tokens += (size_t)length;
        r->data.first[++r->data.windows] = r->data.tokens;
        r->data.max_tokens = length > r->data.max_tokens ? length : r->data.max_tokens;
    }
    if (fields != EOF || r->data.windows == 0)
        fail(r->lengths, EINVAL);
    fclose(file);
}

/* Words and labels drawn at random; every token has a label. */
static void draw_tokens(struct run *r)
{
    struct qsc_dataset *d = &r->data;
    uint32_t *words = memory(d->tokens, sizeof *words);
    d->ids = memory(d->tokens, sizeof *d->ids);
    d->labels = memory(d->tokens, sizeof *d->labels);
    qsc_random_words(words, &(struct qsc_random){.seed = 1}, 0, d->tokens);
    for (size_t i = 0; i < d->tokens; i++) {
        d->ids[i] = (int32_t)(FIRST_WORD + words[i] % (uint32_t)(r->config.vocab_size - FIRST_WORD));
        d->labels[i] = (int32_t)((words[i] >> 16) % (uint32_t)r->config.num_labels);
    }
    free(words);
}

static void make_model(struct run *r)
{
    struct qsc_error err;
    check("layout", qsc_bert_layout_create(&r->layout, &r->config, &err));
    check("plan", qsc_bert_plan_create(&r->plan, &r->layout, (enum qsc_precision)r->precision, &err));
    float *params = memory(r->layout.floats, sizeof *params);
    qsc_bert_init(params, &r->layout, 1);
    check("weights", qsc_bert_weights_create(&r->weights, r->plan, params, use_of(r), &err));
    free(params);
    check("pool", qsc_pool_create(&r->pool, &(struct qsc_pool_config){.threads = r->threads}));
}

static void make_workspaces(struct run *r, int tokens)
{
    struct qsc_error err;
    const struct qsc_bert_workspace_config config = {
        .max_tokens = tokens,
        .max_sequence = r->data.max_tokens,
        .use = use_of(r),
    };
    r->workspaces = memory((size_t)r->threads, sizeof(qsc_bert_workspace *));
    r->profiles = memory((size_t)r->threads, sizeof *r->profiles);
    for (int i = 0; i < r->threads; i++)
        check("workspace", qsc_bert_workspace_create(&r->workspaces[i], r->plan, &config, &err));
}

/* Sentences one after the other until a chunk is full. */
static void make_chunks(struct run *r)
{
    struct qsc_dataset *d = &r->data;
    int32_t *ends = r->cu_seqlens = memory(2 * d->windows, sizeof *r->cu_seqlens);
    r->chunks = memory(d->windows, sizeof *r->chunks);
    r->logits = memory(d->tokens * (size_t)r->config.num_labels, sizeof *r->logits);
    int largest = 0;
    for (size_t s = 0; s < d->windows; s++) {
        int length = (int)(d->first[s + 1] - d->first[s]);
        struct qsc_batch *chunk = r->chunk_count ? &r->chunks[r->chunk_count - 1] : NULL;
        if (!chunk || chunk->tokens + length > CHUNK_TOKENS) {
            chunk = &r->chunks[r->chunk_count++];
            *chunk = (struct qsc_batch){.ids = d->ids + d->first[s], .cu_seqlens = ends};
            *ends++ = 0;
        }
        chunk->tokens += length;
        chunk->sequences++;
        *ends++ = chunk->tokens;
        largest = chunk->tokens > largest ? chunk->tokens : largest;
    }
    make_workspaces(r, largest);
}

static void tag_chunks(void *context, size_t low, size_t high)
{
    struct run *r = context;
    for (size_t i = low; i < high; i++) {
        const struct qsc_batch *chunk = &r->chunks[i];
        size_t token = (size_t)(chunk->ids - r->data.ids);
        check("tagging", qsc_bert_forward(r->workspaces[qsc_pool_worker_index(r->pool)], r->weights, chunk,
                                          r->logits + token * (size_t)r->config.num_labels));
    }
}

static void tag_all(struct run *r)
{
    qsc_parallel_for(r->pool, 0, r->chunk_count, 1, tag_chunks, r);
}

static void make_training(struct run *r)
{
    struct qsc_error err;
    qsc_trainer_defaults(&r->trainer);
    r->trainer.learning_rate = 5e-5;
    check("order",
          qsc_training_order_init(&r->order, &r->data, 1, STEP_SENTENCES, r->config.vocab_size, &err));
    struct qsc_training_bounds bounds =
        qsc_training_order_bounds(&r->order, (MAX_PASSES + 2 * MIN_PASSES) * r->order.epoch_steps);
    check("update", qsc_training_update_init(&r->update, &r->layout, r->pool, NULL, bounds.words, &err));
    check("gradients", qsc_gradbuf_init(&r->gradients, r->update.gradient.floats, (uint32_t)r->threads));
    r->m = memory(r->layout.floats, sizeof *r->m);
    r->v = memory(r->layout.floats, sizeof *r->v);
    make_workspaces(r, bounds.batch_tokens);
}

static void learn_batch(void *context, size_t index, size_t end)
{
    (void)end; /* index + 1 */
    struct run *r = context;
    const struct qsc_bert_step step = {
        .seed = 1,
        .step = r->step,
        .dropout = true,
        .scale = 1.0f / (float)r->order.step.labelled,
        .gradient = r->update.gradient,
    };
    float *gradient;
    double loss;
    check("gradients", qsc_gradbuf_begin(&r->gradients, (uint32_t)index, &gradient));
    check("learning", qsc_bert_loss_backward(r->workspaces[qsc_pool_worker_index(r->pool)], r->weights,
                                             &r->order.step.batch[index], &step, gradient, &loss));
    qsc_gradbuf_commit(&r->gradients, (uint32_t)index);
}

static void learn_step(struct run *r)
{
    struct qsc_training_change change = {.config = &r->trainer,
                                         .windows = &r->order.step,
                                         .learning_rate = r->trainer.learning_rate,
                                         .step = r->step + 1,
                                         .m = r->m,
                                         .v = r->v};
    float *gradient;
    qsc_training_order_go(&r->order, r->step);
    check("gradients", qsc_gradbuf_open(&r->gradients, (uint32_t)r->order.step.batches));
    qsc_parallel_for(r->pool, 0, r->order.step.batches, 1, learn_batch, r);
    check("gradients", qsc_gradbuf_wait(&r->gradients, &gradient));
    uint64_t begin = now_ns();
    change.gradient = gradient;
    qsc_training_update_apply(&r->update, &change, qsc_training_update_norm(&r->update, &change), r->weights);
    r->update_ns += now_ns() - begin;
    qsc_gradbuf_release(&r->gradients);
    r->step++;
}

/* One epoch, so that every pass has the same tokens. */
static void learn_all(struct run *r)
{
    for (uint64_t i = 0; i < r->order.epoch_steps; i++)
        learn_step(r);
}

static double pass(struct run *r)
{
    uint64_t begin = now_ns();
    r->mode == TRAIN ? learn_all(r) : tag_all(r);
    return 1e-9 * (double)(now_ns() - begin);
}

static int ascending(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* The share of each kernel in the processor time of passes apart from those that were timed: reading the
 * clock costs something. */
static void print_shares(struct run *r)
{
    for (int i = 0; i < r->threads; i++)
        qsc_bert_workspace_profile(r->workspaces[i], &r->profiles[i]);
    double total = 0, known = 0;
    r->update_ns = 0;
    for (int i = 0; i < MIN_PASSES; i++)
        total += 1e9 * r->threads * pass(r);
    printf(", \"share\": {");
    for (int k = 0; k < QSC_BERT_KERNELS; k++) {
        double ns = 0;
        for (int i = 0; i < r->threads; i++)
            ns += (double)r->profiles[i].ns[k];
        if (ns > 0)
            printf("\"%s\": %.4f, ", qsc_bert_kernel_names[k], ns / total);
        known += ns;
    }
    double update = (double)r->update_ns * r->threads;
    if (r->mode == TRAIN)
        printf("\"clip, adamw, pack\": %.4f, ", update / total);
    printf("\"other\": %.4f}", 1 - (known + update) / total);
}

static void measure(struct run *r)
{
    static double times[MAX_PASSES];
    int passes = 0;
    double sum = 0;
    pass(r);
    while (passes < MAX_PASSES && (sum < r->seconds || passes < MIN_PASSES))
        sum += times[passes++] = pass(r);
    qsort(times, (size_t)passes, sizeof *times, ascending);
    double tokens = (double)r->data.tokens;
    printf(
        "{\"shape\": \"%s\", \"mode\": \"%s\", \"precision\": \"%s\", \"threads\": %d, \"sentences\": %zu, "
        "\"tokens\": %zu, \"passes\": %d, \"tokens_per_s\": {\"best\": %.1f, \"median\": %.1f}",
        r->shape, r->mode == TRAIN ? "train" : "infer", qsc_precision_names[r->precision], r->threads,
        r->data.windows, r->data.tokens, passes, tokens / times[0], tokens / times[passes / 2]);
    print_shares(r);
    puts("}");
}

static void release(struct run *r)
{
    for (int i = 0; i < r->threads; i++)
        qsc_bert_workspace_destroy(r->workspaces[i]);
    if (r->mode == TRAIN) {
        qsc_gradbuf_fini(&r->gradients);
        qsc_training_update_fini(&r->update);
        qsc_training_order_fini(&r->order);
    }
    qsc_pool_destroy(r->pool);
    qsc_bert_weights_destroy(r->weights);
    qsc_bert_plan_destroy(r->plan);
    qsc_bert_layout_destroy(&r->layout);
    free(r->workspaces), free(r->profiles), free(r->chunks), free(r->cu_seqlens), free(r->logits);
    free(r->m), free(r->v), free(r->data.first), free(r->data.ids), free(r->data.labels);
}

static void usage(const char *reason)
{
    fprintf(stderr,
            "bench-model: %s\n"
            "usage: bench-model --lengths FILE [--shape minilm-l6|bert-base|tiny] [--mode infer|train]\n"
            "                   [--precision f32|bf16|int8] [--threads N] [--seconds S]\n"
            "FILE holds the tokens of each sentence, one number a line, [CLS] and [SEP] counted.\n",
            reason);
    exit(2);
}

/* The index of the value in the list, which ends with NULL. */
static int choice(const char *value, const char *const *list)
{
    int i = 0;
    while (list[i] && strcmp(list[i], value) != 0)
        i++;
    if (!list[i])
        usage(value);
    return i;
}

static void parse(struct run *r, int argc, char **argv)
{
    static const char *const shapes[] = {"minilm-l6", "bert-base", "tiny", NULL};
    static const char *const modes[] = {"infer", "train", NULL};
    static const struct option options[] = {
        {"shape", required_argument, NULL, 's'},
        {"mode", required_argument, NULL, 'm'},
        {"precision", required_argument, NULL, 'p'},
        {"threads", required_argument, NULL, 't'},
        {"lengths", required_argument, NULL, 'l'},
        {"seconds", required_argument, NULL, 'd'},
        {0},
    };
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        switch (option) {
        case 's':
            r->shape = shapes[choice(optarg, shapes)];
            break;
        case 'm':
            r->mode = choice(optarg, modes);
            break;
        case 'p':
            r->precision = choice(optarg, qsc_precision_names);
            break;
        case 't':
            r->threads = atoi(optarg);
            break;
        case 'l':
            r->lengths = optarg;
            break;
        case 'd':
            r->seconds = atof(optarg);
            break;
        default:
            usage("unknown option");
        }
    }
    if (!r->lengths || optind != argc || r->threads < 1)
        usage(r->lengths ? "arguments that make no sense" : "--lengths is missing");
    struct qsc_error err;
    if (qsc_bert_check_use((enum qsc_precision)r->precision, use_of(r), &err))
        usage(err.text);
}

int main(int argc, char **argv)
{
    struct run r = {.shape = "minilm-l6", .threads = 1, .seconds = 3};
    parse(&r, argc, argv);
    set_shape(&r.config, r.shape);
    read_lengths(&r);
    draw_tokens(&r);
    make_model(&r);
    r.mode == TRAIN ? make_training(&r) : make_chunks(&r);
    measure(&r);
    release(&r);
    return 0;
}
