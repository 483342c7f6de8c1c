#include "lines.h"
#include "numbers.h"

#include <criterion/criterion.h>
#include <quiesce/kernels/cpu/linear_plan.h>

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>

// Every way to compute that this machine has, each against doubles; int8, which rounds more, in int8.c.
enum { ONEDNN, FIRST_UNIT, FIRST_BF16 = FIRST_UNIT + 3, WAYS = FIRST_BF16 + 4, INT8 = WAYS };

// ENOTSUP where this way, machine or shape is not to be had.
static int create(qsc_linear **plan, int way, int n, int k)
{
    if (way == INT8)
        return qsc_linear_create(plan, n, k, QSC_INT8);
#ifdef QSC_ONEDNN
    if (way == ONEDNN)
        return qsc_linear_create_onednn(plan, n, k);
#endif
    int unit = way - FIRST_UNIT;
    if (unit >= 0 && way < FIRST_BF16 && unit < qsc_panel_unit_count && qsc_panel_units[unit].present())
        return qsc_linear_create_plain(plan, n, k, &qsc_panel_units[unit]);
    unit = way - FIRST_BF16;
    if (unit >= 0 && unit < qsc_bf16_unit_count && qsc_bf16_units[unit].present())
        return qsc_linear_create_bf16(plan, n, k, &qsc_bf16_units[unit]);
    return ENOTSUP;
}

static float *float_lines(size_t floats)
{
    return lines(floats * sizeof(float));
}

// Numbers that a way does not round: what it computes from them is as exact as f32's sums.
static float *numbers(int way, size_t n, uint64_t seed)
{
    float *x = random_floats(n, 1, seed);
    for (size_t i = 0; i < n && way >= FIRST_BF16; i++)
        x[i] = (float)to_bf16(x[i]);
    return x;
}

struct layer {
    qsc_linear *plan;
    int way;
    int n, k;
    float *w, *bias;
    void *packed, *packed_t, *scratch;
};

static bool layer_make(struct layer *l, int way, int n, int k)
{
    size_t weights = (size_t)n * (size_t)k;
    *l = (struct layer){.way = way, .n = n, .k = k};
    int code = create(&l->plan, way, n, k);
    if (code == ENOTSUP)
        return false;
    cr_assert_eq(code, 0);
    l->w = numbers(way, weights, 1);
    l->bias = random_floats((size_t)n, 1, 2);
    l->packed = lines(qsc_linear_packed_bytes(l->plan));
    l->packed_t = lines(qsc_linear_packed_t_bytes(l->plan));
    l->scratch = lines(qsc_linear_scratch_bytes(l->plan));
    qsc_linear_pack(l->plan, l->packed, l->w);
    qsc_linear_pack_t(l->plan, l->packed_t, l->w);
    return true;
}

static void layer_free(struct layer *l)
{
    qsc_linear_destroy(l->plan);
    free(l->w);
    free(l->bias);
    free(l->packed);
    free(l->packed_t);
    free(l->scratch);
}

// c (rows, columns) = start[column] + sum over depth of a(i, d) b(d, j), in doubles.
UNWATCHED static double *product(const float *a, size_t a_row, size_t a_step, const float *b, size_t b_step,
                                 size_t b_column, const float *start, int rows, int columns, int depth)
{
    double *c = calloc((size_t)rows * (size_t)columns + 1, sizeof *c);
    for (size_t i = 0; i < (size_t)rows; i++) {
        for (size_t j = 0; j < (size_t)columns; j++) {
            double sum = start ? (double)start[j] : 0;
            for (size_t d = 0; d < (size_t)depth; d++)
                sum += (double)a[i * a_row + d * a_step] * (double)b[d * b_step + j * b_column];
            c[i * (size_t)columns + j] = sum;
        }
    }
    return c;
}

static void expect_near(const float *got, double *want, size_t n, const char *what, const struct layer *l,
                        int m)
{
    double worst = difference(got, want, n);
    cr_assert(worst < 1e-5, "%s of (%d,%d), m = %d, %s: %g", what, l->n, l->k, m, l->plan->way->name, worst);
    free(want);
}

static void compare(const struct layer *l, int m)
{
    size_t n = (size_t)l->n, k = (size_t)l->k, rows = (size_t)m;
    float *x = numbers(l->way, rows * k, 3), *dy = numbers(l->way, rows * n, 4);
    float *y = float_lines(rows * n), *dx = float_lines(rows * k), *dw = float_lines(n * k),
          *db = float_lines(n);
    cr_assert_eq(qsc_linear_forward(l->plan, y, x, l->packed, l->bias, m, l->scratch), 0);
    expect_near(y, product(x, k, 1, l->w, 1, k, l->bias, m, l->n, l->k), rows * n, "y", l, m);
    cr_assert_eq(qsc_linear_forward(l->plan, y, x, l->packed, NULL, m, l->scratch), 0);
    expect_near(y, product(x, k, 1, l->w, 1, k, NULL, m, l->n, l->k), rows * n, "y without bias", l, m);
    cr_assert_eq(qsc_linear_backward_input(l->plan, dx, dy, l->packed_t, m, l->scratch), 0);
    expect_near(dx, product(dy, n, 1, l->w, k, 1, NULL, m, l->k, l->n), rows * k, "dx", l, m);
    cr_assert_eq(qsc_linear_backward_weight(l->plan, dw, db, dy, x, m, l->scratch), 0);
    expect_near(dw, product(dy, 1, n, x, k, 1, NULL, l->n, l->k, m), n * k, "dw", l, m);
    float *ones = malloc((rows + 1) * sizeof *ones);
    for (size_t i = 0; i < rows; i++)
        ones[i] = 1;
    expect_near(db, product(dy, 1, n, ones, 1, 0, NULL, l->n, 1, m), n, "db", l, m);
    float *same = float_lines(n * k);
    cr_assert_eq(qsc_linear_backward_weight(l->plan, same, NULL, dy, x, m, l->scratch), 0);
    cr_assert_eq(memcmp(same, dw, n * k * sizeof *dw), 0, "dw depends on more than its inputs");
    free(x), free(dy), free(y), free(dx), free(dw), free(db), free(ones), free(same);
}

static const int shapes[][2] = {{1, 1},   {1, 7},     {7, 1},    {36, 36},  {52, 36},  {36, 52}, {9, 384},
                                {64, 64}, {128, 192}, {128, 65}, {112, 48}, {51, 800}, {800, 20}};
enum { SHAPES = sizeof shapes / sizeof shapes[0] };

Test(linear, every_product_agrees_with_doubles)
{
    int tried = 0;
    for (int way = 0; way < WAYS; way++) {
        for (int s = 0; s < SHAPES; s++) {
            struct layer l;
            if (!layer_make(&l, way, shapes[s][0], shapes[s][1]))
                continue;
            for (int i = 0; i < 6; i++)
                compare(&l, (const int[]){0, 1, 3, 8, 31, 257}[i]);
            if (shapes[s][0] * shapes[s][1] <= 36 * 36)
                compare(&l, 1100); // more than the weights' gradient takes at a time, twice
            layer_free(&l);
            tried++;
        }
    }
    cr_assert(tried >= SHAPES);
}

// One row alone, and the same row anywhere among others.
static void expect_row_alone(const struct layer *l, bool forward, int m)
{
    int columns = forward ? l->n : l->k, depth = forward ? l->k : l->n;
    size_t out = (size_t)columns, in = (size_t)depth;
    float *rows = random_floats((size_t)m * in, 1, 9), *all = float_lines((size_t)m * out),
          *alone = float_lines(out);
    if (forward)
        cr_assert_eq(qsc_linear_forward(l->plan, all, rows, l->packed, l->bias, m, l->scratch), 0);
    else
        cr_assert_eq(qsc_linear_backward_input(l->plan, all, rows, l->packed_t, m, l->scratch), 0);
    for (size_t i = 0; i < (size_t)m; i++) {
        if (forward)
            cr_assert_eq(qsc_linear_forward(l->plan, alone, rows + i * in, l->packed, l->bias, 1, l->scratch),
                         0);
        else
            cr_assert_eq(qsc_linear_backward_input(l->plan, alone, rows + i * in, l->packed_t, 1, l->scratch),
                         0);
        cr_assert_eq(memcmp(alone, all + i * out, out * sizeof *all), 0, "row %zu of %d, (%d,%d), %s", i, m,
                     l->n, l->k, l->plan->way->name);
    }
    free(rows), free(all), free(alone);
}

Test(linear, a_rows_bits_depend_on_that_row_alone)
{
    for (int way = 0; way < WAYS; way++) {
        for (int s = 0; s < SHAPES; s++) {
            struct layer l;
            if (!layer_make(&l, way, shapes[s][0], shapes[s][1]))
                continue;
            for (int i = 0; i < 3; i++) {
                expect_row_alone(&l, true, (const int[]){2, 15, 101}[i]);
                expect_row_alone(&l, false, (const int[]){2, 15, 101}[i]);
            }
            layer_free(&l);
        }
    }
}

Test(linear, not_a_number_reaches_its_own_row_and_no_other)
{
    for (int way = 0; way < WAYS; way++) {
        struct layer l;
        if (!layer_make(&l, way, 50, 33))
            continue;
        enum { M = 20 };
        float *x = random_floats(M * 33, 1, 3), *y = float_lines(M * 50);
        x[7 * 33 + 5] = NAN;
        cr_assert_eq(qsc_linear_forward(l.plan, y, x, l.packed, l.bias, M, l.scratch), 0);
        for (int i = 0; i < M * 50; i++)
            cr_assert_eq(isnan(y[i]) != 0, i / 50 == 7);
        free(x), free(y);
        layer_free(&l);
    }
}

static int count_threads(void)
{
    int count = 0;
    DIR *tasks = opendir("/proc/self/task");
    cr_assert_not_null(tasks);
    for (struct dirent *entry; (entry = readdir(tasks));)
        count += entry->d_name[0] != '.';
    closedir(tasks);
    return count;
}

// Products large enough for any library to want a team of threads. *started: how many there are more than
// before.
static void *multiply_large(void *started)
{
    enum { N = 512, K = 512, M = 300 };
    int before = count_threads();
    qsc_linear *plan;
    cr_assert_eq(qsc_linear_create(&plan, N, K, QSC_F32), 0);
    void *packed = lines(qsc_linear_packed_bytes(plan)), *packed_t = lines(qsc_linear_packed_t_bytes(plan)),
         *scratch = lines(qsc_linear_scratch_bytes(plan));
    float *w = random_floats(N * K, 1, 1), *x = random_floats(M * K, 1, 2), *y = float_lines(M * N);
    qsc_linear_pack(plan, packed, w);
    qsc_linear_pack_t(plan, packed_t, w);
    cr_assert_eq(qsc_linear_forward(plan, y, x, packed, NULL, M, scratch), 0);
    cr_assert_eq(qsc_linear_backward_input(plan, x, y, packed_t, M, scratch), 0);
    cr_assert_eq(qsc_linear_backward_weight(plan, w, NULL, y, x, M, scratch), 0);
    *(int *)started = count_threads() - before; // while a team would still stand by
    free(w), free(packed), free(packed_t), free(scratch), free(x), free(y);
    qsc_linear_destroy(plan);
    return NULL;
}

Test(linear, products_start_no_thread)
{
    int started = -1;
    pthread_t thread;
    multiply_large(&started);
    cr_assert_eq(started, 0);
    cr_assert_eq(pthread_create(&thread, NULL, multiply_large, &started), 0);
    cr_assert_eq(pthread_join(thread, NULL), 0);
    cr_assert_eq(started, 0);
}

enum { SHARED_N = 384, SHARED_K = 384, SHARED_M = 75 };

struct sharer {
    const struct layer *layer;
    const float *x, *want;
    int different;
};

static void *forward_again_and_again(void *argument)
{
    struct sharer *s = argument;
    float *y = float_lines(SHARED_M * SHARED_N);
    void *scratch = lines(qsc_linear_scratch_bytes(s->layer->plan));
    for (int i = 0; i < 20; i++) {
        s->different |=
            qsc_linear_forward(s->layer->plan, y, s->x, s->layer->packed, s->layer->bias, SHARED_M, scratch);
        s->different |= memcmp(y, s->want, SHARED_M * SHARED_N * sizeof *y);
    }
    free(y), free(scratch);
    return NULL;
}

Test(linear, threads_share_a_plan)
{
    for (int way = 0; way < WAYS; way++) {
        struct layer l;
        if (!layer_make(&l, way, SHARED_N, SHARED_K))
            continue;
        float *x = random_floats(SHARED_M * SHARED_K, 1, 3), *want = float_lines(SHARED_M * SHARED_N);
        cr_assert_eq(qsc_linear_forward(l.plan, want, x, l.packed, l.bias, SHARED_M, l.scratch), 0);
        struct sharer sharers[3];
        pthread_t threads[3];
        for (int i = 0; i < 3; i++) {
            sharers[i] = (struct sharer){&l, x, want, 0};
            cr_assert_eq(pthread_create(&threads[i], NULL, forward_again_and_again, &sharers[i]), 0);
        }
        for (int i = 0; i < 3; i++) {
            cr_assert_eq(pthread_join(threads[i], NULL), 0);
            cr_assert_eq(sharers[i].different, 0);
        }
        free(x), free(want);
        layer_free(&l);
    }
}

Test(linear, shapes_without_elements_and_unknown_precisions_are_refused)
{
    qsc_linear *plan;
    cr_assert_eq(qsc_linear_create(&plan, 0, 4, QSC_F32), EINVAL);
    cr_assert_eq(qsc_linear_create(&plan, 4, -1, QSC_F32), EINVAL);
    cr_assert_eq(qsc_linear_create(&plan, 4, 4, QSC_PRECISIONS), EINVAL);
    cr_assert_eq(qsc_linear_create(&plan, 4, 4, QSC_F32), 0);
    qsc_linear_destroy(plan);
    qsc_linear_destroy(NULL);
}

// The linker sends the kernels' allocations here (CMakeLists.txt).
static int allocations_left = -1; // before one fails; negative: none does

static bool allocation_fails(void)
{
    return allocations_left >= 0 && allocations_left-- == 0;
}

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t n, size_t size);
void *__real_aligned_alloc(size_t align, size_t bytes);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_aligned_alloc(size_t align, size_t bytes);

void *__wrap_malloc(size_t bytes)
{
    return allocation_fails() ? NULL : __real_malloc(bytes);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return allocation_fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_aligned_alloc(size_t align, size_t bytes)
{
    return allocation_fails() ? NULL : __real_aligned_alloc(align, bytes);
}

Test(linear, a_plan_that_lacks_memory_is_refused)
{
    for (int way = 0; way <= INT8; way++) {
        qsc_linear *plan;
        if (create(&plan, way, 64, 64) == ENOTSUP)
            continue;
        qsc_linear_destroy(plan);
        int code, failures = -1;
        do {
            allocations_left = ++failures;
            code = create(&plan, way, 64, 64);
            cr_assert(code == 0 || code == ENOMEM, "way %d: %d", way, code);
        } while (code);
        cr_assert(allocations_left >= 0, "way %d does without an allocation that failed", way);
        cr_assert(failures > 0, "way %d never asked for memory", way);
        allocations_left = -1;
        qsc_linear_destroy(plan);
    }
}
