// Products by oneDNN, whose code is generated for the processor at hand. It is sure of its speed and makes no
// promise about bits, so a plan is made only if its kernels keep ours: tiles of different heights must give
// equal rows equal bits.
#include <quiesce/kernels/cpu/linear_plan.h>
#include <quiesce/kernels/cpu/pack.h>

#include <errno.h>
#include <omp.h>
#include <oneapi/dnnl/dnnl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

// A primitive is made for one number of rows. Powers of two give every number without padding.
enum { TILES = 7, TALLEST = 1 << (TILES - 1), PANEL = 64 };

// y (m, columns) = bias + x (m, depth) times a matrix packed in panels of PANEL columns.
struct product {
    int columns, depth;
    dnnl_memory_desc_t weights, bias, x[TILES], y[TILES], scratch[TILES]; // tile i has 2^i rows
    dnnl_primitive_t tiles[TILES];
};

struct onednn {
    qsc_linear base;
    qsc_linear *plain; // for what is left to it
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    float *zeros; // (the larger of n and k): the bias where there is none
    struct product forward, backward_input;
};

static int code_of(dnnl_status_t status, int other)
{
    return status == dnnl_success ? 0 : status == dnnl_out_of_memory ? ENOMEM : other;
}

static const struct onednn *self(const qsc_linear *plan)
{
    return (const struct onednn *)plan;
}

// oneDNN splits its work over a team of OpenMP threads; ours is split already. The setting is the calling
// thread's own, and it gets it back.
static int hold_team(void)
{
    int threads = omp_get_max_threads();
    omp_set_num_threads(1);
    return threads;
}

// Its kernels for batch-reduced products are; the rest is a reference, or wants plain weights.
static bool is_fast(const_dnnl_primitive_desc_t description)
{
    const char *name = "";
    return dnnl_primitive_desc_query(description, dnnl_query_impl_info_str, 0, &name) == dnnl_success &&
           strncmp(name, "brg", 3) == 0;
}

static dnnl_status_t make_tile(struct product *p, int i, dnnl_engine_t engine)
{
    const dnnl_dims_t x = {1 << i, p->depth}, y = {1 << i, p->columns};
    dnnl_matmul_desc_t matmul;
    dnnl_primitive_attr_t attributes = NULL;
    dnnl_primitive_desc_t description = NULL;
    dnnl_status_t status = dnnl_memory_desc_init_by_tag(&p->x[i], 2, x, dnnl_f32, dnnl_ab);
    if (!status)
        status = dnnl_memory_desc_init_by_tag(&p->y[i], 2, y, dnnl_f32, dnnl_ab);
    if (!status)
        status = dnnl_matmul_desc_init(&matmul, &p->x[i], &p->weights, &p->bias, &p->y[i]);
    if (!status)
        status = dnnl_primitive_attr_create(&attributes);
    if (!status)
        status = dnnl_primitive_attr_set_scratchpad_mode(attributes,
                                                         dnnl_scratchpad_mode_user); // threads share it
    if (!status)
        status = dnnl_primitive_desc_create(&description, &matmul, attributes, engine, NULL);
    if (!status) {
        if (!is_fast(description))
            status = dnnl_unimplemented;
        p->scratch[i] = *dnnl_primitive_desc_query_md(description, dnnl_query_scratchpad_md, 0);
    }
    if (!status)
        status = dnnl_primitive_create(&p->tiles[i], description);
    dnnl_primitive_desc_destroy(description);
    dnnl_primitive_attr_destroy(attributes);
    return status;
}

static dnnl_status_t make_product(struct product *p, int columns, int depth, dnnl_engine_t engine)
{
    const dnnl_dims_t weights = {depth, columns}, bias = {1, columns};
    p->columns = columns;
    p->depth = depth;
    dnnl_status_t status = dnnl_memory_desc_init_by_tag(&p->weights, 2, weights, dnnl_f32, dnnl_BA16a64b);
    if (!status)
        status = dnnl_memory_desc_init_by_tag(&p->bias, 2, bias, dnnl_f32, dnnl_ab);
    for (int i = 0; i < TILES && !status; i++)
        status = make_tile(p, i, engine);
    return status;
}

// Memory objects are oneDNN's view of a buffer; the library takes them apart from const and non-const alike.
static dnnl_status_t view(dnnl_memory_t *memory, const dnnl_memory_desc_t *shape, dnnl_engine_t engine,
                          const void *data)
{
    return dnnl_memory_create(memory, shape, engine, (void *)data);
}

struct call {
    const struct onednn *o;
    const struct product *p;
    dnnl_memory_t weights, bias;
    void *scratch;
};

static dnnl_status_t run_tile(const struct call *c, int i, float *y, const float *x)
{
    dnnl_memory_t source = NULL, target = NULL, scratch = NULL;
    dnnl_status_t status = view(&source, &c->p->x[i], c->o->engine, x);
    if (!status)
        status = view(&target, &c->p->y[i], c->o->engine, y);
    if (!status)
        status = view(&scratch, &c->p->scratch[i], c->o->engine, c->scratch);
    if (!status) {
        const dnnl_exec_arg_t arguments[] = {{DNNL_ARG_SRC, source},
                                             {DNNL_ARG_WEIGHTS, c->weights},
                                             {DNNL_ARG_BIAS, c->bias},
                                             {DNNL_ARG_DST, target},
                                             {DNNL_ARG_SCRATCHPAD, scratch}};
        status = dnnl_primitive_execute(c->p->tiles[i], c->o->stream, 5, arguments);
    }
    dnnl_memory_destroy(source);
    dnnl_memory_destroy(target);
    dnnl_memory_destroy(scratch);
    return status;
}

static int run(const struct onednn *o, const struct product *p, float *y, const float *x, const void *packed,
               const float *bias, int m, void *scratch)
{
    struct call c = {.o = o, .p = p, .scratch = scratch};
    dnnl_status_t status = view(&c.weights, &p->weights, o->engine, packed);
    if (!status)
        status = view(&c.bias, &p->bias, o->engine, bias ? bias : o->zeros);
    int threads = hold_team();
    for (int i = TILES - 1, row = 0; i >= 0 && !status; i--) {
        for (; row + (1 << i) <= m && !status; row += 1 << i)
            status =
                run_tile(&c, i, y + (size_t)row * (size_t)p->columns, x + (size_t)row * (size_t)p->depth);
    }
    omp_set_num_threads(threads);
    dnnl_memory_destroy(c.weights);
    dnnl_memory_destroy(c.bias);
    return code_of(status, EIO);
}

// What the greediest of the kernels, ours included, wants.
static size_t scratch_bytes(const qsc_linear *plan)
{
    const struct onednn *o = self(plan);
    size_t bytes = qsc_linear_scratch_bytes(o->plain);
    for (int i = 0; i < TILES; i++) {
        size_t forward = dnnl_memory_desc_get_size(&o->forward.scratch[i]);
        size_t backward = dnnl_memory_desc_get_size(&o->backward_input.scratch[i]);
        bytes = forward > bytes ? forward : bytes;
        bytes = backward > bytes ? backward : bytes;
    }
    return bytes;
}

// Equal rows through every tile: each must come out as the first did.
static int check_bits(const struct onednn *o, const struct product *p)
{
    size_t columns = (size_t)p->columns, depth = (size_t)p->depth, rows = 2 * TALLEST - 1; // each tile once
    size_t floats = rows * (columns + depth) + columns * depth;
    size_t bytes = floats * sizeof(float) + scratch_bytes(&o->base);
    float *x = aligned_alloc(64, (bytes + 63) / 64 * 64);
    if (!x)
        return ENOMEM;
    float *w = x + rows * depth, *y = w + columns * depth, *free_floats = x + floats; // all whole lines
    for (size_t i = 0; i < depth; i++)
        x[i] = 1.0f / (float)(3 + i % 101);
    for (size_t i = 1; i < rows; i++)
        memcpy(x + i * depth, x, depth * sizeof *x);
    for (size_t i = 0; i < columns * depth; i++)
        w[i] = 1.0f / (float)(7 + i % 103) - 0.03f;
    int code = run(o, p, y, x, w, NULL, (int)rows, free_floats);
    for (size_t i = 1; i < rows && !code; i++)
        code = memcmp(y + i * columns, y, columns * sizeof *y) ? ENOTSUP : 0;
    free(x);
    return code;
}

static void fini(qsc_linear *plan)
{
    struct onednn *o = (struct onednn *)plan;
    for (int i = 0; i < TILES; i++) {
        dnnl_primitive_destroy(o->forward.tiles[i]);
        dnnl_primitive_destroy(o->backward_input.tiles[i]);
    }
    dnnl_stream_destroy(o->stream);
    dnnl_engine_destroy(o->engine);
    qsc_linear_destroy(o->plain);
    free(o->zeros);
}

static size_t packed_bytes(const qsc_linear *plan)
{
    return (size_t)plan->n * (size_t)plan->k * sizeof(float);
}

static void pack(const qsc_linear *plan, void *memory, const float *w)
{
    float *packed = memory;
    size_t depth = (size_t)plan->k;
    for (size_t c = 0; c < (size_t)plan->n; c += PANEL)
        qsc_pack_transposed(packed + c * depth, w + c * depth, depth, PANEL, plan->k);
}

static void pack_t(const qsc_linear *plan, void *memory, const float *w)
{
    float *packed_t = memory;
    for (size_t c = 0; c < (size_t)plan->k; c += PANEL)
        qsc_pack_rows(packed_t + c * (size_t)plan->n, w + c, (size_t)plan->k, PANEL, plan->n);
}

static int forward(const qsc_linear *plan, float *y, const float *x, const void *packed, const float *bias,
                   int m, void *scratch)
{
    return run(self(plan), &self(plan)->forward, y, x, packed, bias, m, scratch);
}

static int backward_input(const qsc_linear *plan, float *dx, const float *dy, const void *packed_t, int m,
                          void *scratch)
{
    return run(self(plan), &self(plan)->backward_input, dx, dy, packed_t, NULL, m, scratch);
}

// Its sum runs over the rows, whose number changes with every call: oneDNN would have to plan each anew.
static int backward_weight(const qsc_linear *plan, float *dw, float *db, const float *dy, const float *x,
                           int m, void *scratch)
{
    return qsc_linear_backward_weight(self(plan)->plain, dw, db, dy, x, m, scratch);
}

static int make_plan(struct onednn *o, int n, int k)
{
    o->zeros = calloc((size_t)(n > k ? n : k), sizeof *o->zeros);
    if (!o->zeros)
        return ENOMEM;
    int threads = hold_team(); // what it finds now it plans for
    dnnl_status_t status = dnnl_engine_create(&o->engine, dnnl_cpu, 0);
    if (!status)
        status = dnnl_stream_create(&o->stream, o->engine, dnnl_stream_default_flags);
    if (!status)
        status = make_product(&o->forward, n, k, o->engine);
    if (!status)
        status = make_product(&o->backward_input, k, n, o->engine);
    omp_set_num_threads(threads);
    int code = code_of(status, ENOTSUP);
    if (!code)
        code = check_bits(o, &o->forward);
    return code ? code : check_bits(o, &o->backward_input);
}

int qsc_linear_create_onednn(qsc_linear **plan, int n, int k)
{
    static const struct qsc_linear_way way = {
        .name = "onednn",
        .fini = fini,
        .packed_bytes = packed_bytes,
        .packed_t_bytes = packed_bytes,
        .scratch_bytes = scratch_bytes,
        .pack = pack,
        .pack_t = pack_t,
        .forward = forward,
        .backward_input = backward_input,
        .backward_weight = backward_weight,
    };
    if (n % PANEL || k % PANEL)
        return ENOTSUP;
    struct onednn *o = calloc(1, sizeof *o);
    if (!o)
        return ENOMEM;
    o->base = (qsc_linear){.way = &way, .n = n, .k = k};
    int code = qsc_linear_create_plain(&o->plain, n, k, qsc_panel_unit());
    if (!code)
        code = make_plan(o, n, k);
    if (code) {
        qsc_linear_destroy(&o->base);
        return code;
    }
    *plan = &o->base;
    return 0;
}
