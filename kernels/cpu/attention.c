#include <quiesce/kernels/cpu/unit.h>

#include <quiesce/kernels/attention.h>
#include <quiesce/kernels/cpu/product.h>
#include <quiesce/kernels/cpu/vector.h>
#include <quiesce/kernels/random.h>

#include <math.h>
#include <string.h>

// One sequence and head at a time, so that everything lies in the nearest caches. Q, K and V are copied out
// of their interleaved rows once, zero-padded to whole vectors, and transposed where a product wants it; then
// a block of query rows is scored against all keys. Only such a block of scores ever exists.

enum { BLOCK = 32 };  // query rows scored at a time
enum { QUERIES = 8 }; // whose dropout factors are drawn together
enum { KEYS = 16 };   // and for how many keys each

static size_t round_up(int n, size_t multiple)
{
    return ((size_t)n + multiple - 1) / multiple * multiple;
}

// One head of one sequence.
struct head {
    int length, size;     // tokens and columns
    size_t keys, width;   // the same as whole vectors
    size_t rows;          // length as whole groups of four
    uint64_t first_query; // in the whole step
    uint64_t mask_stride; // dropout's elements for eight queries of all heads
    uint64_t mask_offset; // and the first of this head among them
    const struct qsc_dropout *dropout;
};

static struct head head_of(const struct qsc_attention *a, int head, int begin, int end)
{
    return (struct head){
        .length = end - begin,
        .size = a->head_size,
        .keys = round_up(end - begin, QSC_LANES),
        .width = round_up(a->head_size, QSC_LANES),
        .rows = round_up(end - begin, 4),
        .first_query = a->first_token + (uint64_t)begin,
        .mask_stride = (uint64_t)a->heads * a->row * QUERIES,
        .mask_offset = (uint64_t)head * a->row * QUERIES,
        .dropout = a->dropout,
    };
}

// Both gathers also ask for the next head's columns, which stand beside: rows lie 12 H bytes apart, too far
// for the hardware to guess.

// to (keys, width) = factor * from (length, size), zeros around it.
QSC_INLINE void gather(float *to, const float *from, size_t stride, const struct head *h, float factor)
{
    for (int t = 0; t < h->length; t++) {
        for (int c = 0; c < (int)h->width; c += QSC_LANES) {
            qsc_vector v;
            const float *p = from + (size_t)t * stride + (size_t)c;
            __builtin_prefetch(p + h->size);
            qsc_vector_load(&v, p, h->size - c);
            v *= factor;
            qsc_vector_store(to + (size_t)t * h->width + (size_t)c, &v, QSC_LANES);
        }
    }
    memset(to + (size_t)h->length * h->width, 0, (h->keys - (size_t)h->length) * h->width * sizeof(float));
}

// to (size, keys) = the transposed of from (length, size), zeros right of it.
QSC_INLINE void gather_transposed(float *to, const float *from, size_t stride, const struct head *h)
{
    for (int t = 0; t < h->length; t++) {
        const float *p = from + (size_t)t * stride;
        for (int c = 0; c < h->size; c += QSC_LANES)
            __builtin_prefetch(p + h->size + c);
        for (int c = 0; c < h->size; c++)
            to[(size_t)c * h->keys + (size_t)t] = p[c];
    }
    for (int c = 0; c < h->size; c++)
        memset(to + (size_t)c * h->keys + h->length, 0, (h->keys - (size_t)h->length) * sizeof(float));
}

// to (length, size) = factor[t] * from (length, width).
QSC_INLINE void scatter(float *to, size_t stride, const float *from, int length, const struct head *h,
                        const float *factors, float factor)
{
    for (int t = 0; t < length; t++) {
        float f = factors ? factors[t] : factor;
        for (int c = 0; c < (int)h->width; c += QSC_LANES) {
            qsc_vector v = QSC_VECTOR_AT(from + (size_t)t * h->width + (size_t)c) * f;
            qsc_vector_store(to + (size_t)t * stride + (size_t)c, &v, h->size - c);
        }
    }
}

// scores becomes exp(score - highest), 0 beyond the last key; returns the row's sum, and *highest.
QSC_INLINE float exponentials(float *scores, float *highest, const struct head *h)
{
    qsc_vector max = (qsc_vector){0} - INFINITY, sum = {0};
    for (int j = 0; j < (int)h->keys; j += QSC_LANES) {
        qsc_vector s = QSC_VECTOR_AT(scores + j);
        if (h->length - j < QSC_LANES) {
            qsc_vector_fill(&s, h->length - j, -INFINITY);
            qsc_vector_store(scores + j, &s, QSC_LANES);
        }
        qsc_vector_max(&max, &s);
    }
    *highest = qsc_vector_highest(&max);
    for (int j = 0; j < (int)h->keys; j += QSC_LANES) {
        qsc_vector s = QSC_VECTOR_AT(scores + j) - *highest;
        qsc_vector_exp(&s);
        sum += s;
        qsc_vector_store(scores + j, &s, QSC_LANES);
    }
    return qsc_vector_sum(&sum);
}

// The factors of a query's keys, KEYS of them at every QUERIES * KEYS floats. mask (QUERIES, keys as whole
// KEYS) is drawn anew for the first row of a block and at every QUERIES-th query.
QSC_INLINE const float *factors(float *mask, const struct head *h, int row, bool first)
{
    uint64_t query = h->first_query + (uint64_t)row;
    if (first || query % QUERIES == 0)
        qsc_dropout_mask(mask, h->dropout, query / QUERIES * h->mask_stride + h->mask_offset,
                         (int)(QUERIES * round_up(h->length, KEYS)));
    return mask + query % QUERIES * KEYS;
}

// Where the factors of keys j and on stand.
QSC_INLINE size_t factors_at(size_t j)
{
    return j / KEYS * KEYS * QUERIES + j % KEYS;
}

QSC_INLINE void multiply(float *row, const float *mask, size_t n)
{
    for (size_t j = 0; j < n; j += QSC_LANES)
        *(qsc_vector_unaligned *)(row + j) = QSC_VECTOR_AT(row + j) * QSC_VECTOR_AT(mask + factors_at(j));
}

struct forward_buffers {
    float *q, *kt, *v; // (keys,width), (size,keys), (keys,width)
    float *scores;     // (BLOCK,keys)
    float *sums;       // (BLOCK,width)
    float *mask;       // (QUERIES, keys as whole KEYS)
};

QSC_INLINE void forward_block(float *out, size_t hidden, float *lse, int heads, struct forward_buffers *f,
                              const struct head *h, int first)
{
    int rows = h->length - first < BLOCK ? h->length - first : BLOCK;
    size_t padded = round_up(rows, 4);
    float reciprocal[BLOCK];
    qsc_product(f->scores, h->keys, f->q + (size_t)first * h->width, h->width, 1, f->kt, h->keys, padded,
                h->keys, h->size, false);
    for (int i = 0; i < rows; i++) {
        float *row = f->scores + (size_t)i * h->keys, highest;
        float sum = exponentials(row, &highest, h);
        reciprocal[i] = 1.0f / sum;
        if (lse)
            lse[((size_t)first + (size_t)i) * (size_t)heads] = highest + logf(sum);
        if (h->dropout)
            multiply(row, factors(f->mask, h, first + i, i == 0), h->keys);
    }
    qsc_product(f->sums, h->width, f->scores, h->keys, 1, f->v, h->width, padded, h->width, h->length, false);
    scatter(out + (size_t)first * hidden, hidden, f->sums, rows, h, reciprocal, 0);
}

void qsc_attention_forward(float *out, float *lse, const float *qkv, const int32_t *cu_seqlens, int sequences,
                           const struct qsc_attention *a, float *scratch)
{
    size_t hidden = (size_t)a->heads * (size_t)a->head_size;
    float scale = 1.0f / sqrtf((float)a->head_size);
    for (int s = 0; s < sequences; s++) {
        for (int head = 0; head < a->heads; head++) {
            struct head h = head_of(a, head, cu_seqlens[s], cu_seqlens[s + 1]);
            size_t token = (size_t)cu_seqlens[s], column = (size_t)head * (size_t)a->head_size;
            const float *from = qkv + token * 3 * hidden + column;
            struct forward_buffers f = {.q = scratch};
            f.kt = f.q + h.keys * h.width;
            f.v = f.kt + h.keys * h.width;
            f.scores = f.v + h.keys * h.width;
            f.sums = f.scores + BLOCK * h.keys;
            f.mask = f.sums + BLOCK * h.width;
            gather(f.q, from, 3 * hidden, &h, scale);
            gather_transposed(f.kt, from + hidden, 3 * hidden, &h);
            gather(f.v, from + 2 * hidden, 3 * hidden, &h, 1);
            for (int first = 0; first < h.length; first += BLOCK)
                forward_block(out + token * hidden + column, hidden,
                              lse ? lse + token * (size_t)a->heads + (size_t)head : NULL, a->heads, &f, &h,
                              first);
        }
    }
}

struct backward_buffers {
    float *q, *k, *dout;    // (keys,width)
    float *kt, *vt;         // (size,keys)
    float *dk, *dv;         // (keys,width), summed over the blocks
    float *probabilities;   // (BLOCK,keys), after dropout
    float *dscores;         // (BLOCK,keys)
    float *dq;              // (BLOCK,width)
    float *mask;            // (QUERIES, keys as whole KEYS)
    const float *out, *lse; // of this head, strides hidden and heads
    size_t hidden, heads;
};

// sum of dout * out over the head: what the softmax's normalisation takes back from each score's gradient.
QSC_INLINE float row_dot(const float *a, const float *b, int n)
{
    qsc_vector sum = {0};
    for (int c = 0; c < n; c += QSC_LANES) {
        qsc_vector x, y;
        qsc_vector_load(&x, a + c, n - c);
        qsc_vector_load(&y, b + c, n - c);
        sum += x * y;
    }
    return qsc_vector_sum(&sum);
}

// From scores and d(probabilities after dropout) to probabilities after dropout and dscores, one row, in
// place.
QSC_INLINE void row_backward(float *scores, float *dprobabilities, const float *mask, float lse, float delta,
                             size_t keys)
{
    for (size_t j = 0; j < keys; j += QSC_LANES) {
        qsc_vector p = QSC_VECTOR_AT(scores + j) - lse;
        qsc_vector d = QSC_VECTOR_AT(dprobabilities + j);
        qsc_vector_exp(&p);
        qsc_vector kept = p;
        if (mask) {
            kept = p * QSC_VECTOR_AT(mask + factors_at(j));
            d *= QSC_VECTOR_AT(mask + factors_at(j));
        }
        d = p * (d - delta);
        qsc_vector_store(scores + j, &kept, QSC_LANES);
        qsc_vector_store(dprobabilities + j, &d, QSC_LANES);
    }
}

// Keys beyond the last one get values that nothing reads: rows of dk and dv that are not copied out.
QSC_INLINE void backward_block(float *dq, size_t stride, struct backward_buffers *b, const struct head *h,
                               int first, float scale)
{
    int rows = h->length - first < BLOCK ? h->length - first : BLOCK;
    size_t padded = round_up(rows, 4);
    const float *q = b->q + (size_t)first * h->width, *dout = b->dout + (size_t)first * h->width;
    qsc_product(b->probabilities, h->keys, q, h->width, 1, b->kt, h->keys, padded, h->keys, h->size, false);
    qsc_product(b->dscores, h->keys, dout, h->width, 1, b->vt, h->keys, padded, h->keys, h->size, false);
    for (int i = 0; i < rows; i++) {
        size_t query = (size_t)first + (size_t)i;
        float delta = row_dot(dout + (size_t)i * h->width, b->out + query * b->hidden, h->size);
        const float *mask = h->dropout ? factors(b->mask, h, first + i, i == 0) : NULL;
        row_backward(b->probabilities + (size_t)i * h->keys, b->dscores + (size_t)i * h->keys, mask,
                     b->lse[query * b->heads], delta, h->keys);
    }
    qsc_product(b->dv, h->width, b->probabilities, 1, h->keys, dout, h->width, h->rows, h->width, rows, true);
    qsc_product(b->dk, h->width, b->dscores, 1, h->keys, q, h->width, h->rows, h->width, rows, true);
    qsc_product(b->dq, h->width, b->dscores, h->keys, 1, b->k, h->width, padded, h->width, h->length, false);
    scatter(dq + (size_t)first * stride, stride, b->dq, rows, h, NULL, scale);
}

void qsc_attention_backward(float *dqkv, const float *dout, const float *out, const float *lse,
                            const float *qkv, const int32_t *cu_seqlens, int sequences,
                            const struct qsc_attention *a, float *scratch)
{
    size_t hidden = (size_t)a->heads * (size_t)a->head_size;
    float scale = 1.0f / sqrtf((float)a->head_size);
    for (int s = 0; s < sequences; s++) {
        for (int head = 0; head < a->heads; head++) {
            struct head h = head_of(a, head, cu_seqlens[s], cu_seqlens[s + 1]);
            size_t token = (size_t)cu_seqlens[s], column = (size_t)head * (size_t)a->head_size;
            const float *from = qkv + token * 3 * hidden + column;
            float *to = dqkv + token * 3 * hidden + column;
            size_t panel = h.keys * h.width;
            struct backward_buffers b = {.q = scratch, .hidden = hidden, .heads = (size_t)a->heads};
            b.k = b.q + panel;
            b.dout = b.k + panel;
            b.kt = b.dout + panel;
            b.vt = b.kt + panel;
            b.dk = b.vt + panel;
            b.dv = b.dk + panel;
            b.probabilities = b.dv + panel;
            b.dscores = b.probabilities + BLOCK * h.keys;
            b.dq = b.dscores + BLOCK * h.keys;
            b.mask = b.dq + BLOCK * h.width;
            b.out = out + token * hidden + column;
            b.lse = lse + token * (size_t)a->heads + (size_t)head;
            gather(b.q, from, 3 * hidden, &h, scale);
            gather(b.k, from + hidden, 3 * hidden, &h, 1);
            gather(b.dout, dout + token * hidden + column, hidden, &h, 1);
            gather_transposed(b.kt, from + hidden, 3 * hidden, &h);
            gather_transposed(b.vt, from + 2 * hidden, 3 * hidden, &h);
            memset(b.dk, 0, 2 * panel * sizeof(float));
            for (int first = 0; first < h.length; first += BLOCK)
                backward_block(to, 3 * hidden, &b, &h, first, scale);
            scatter(to + hidden, 3 * hidden, b.dk, h.length, &h, NULL, 1);
            scatter(to + 2 * hidden, 3 * hidden, b.dv, h.length, &h, NULL, 1);
        }
    }
}

size_t qsc_attention_scratch_floats(int max_sequence, int head_size)
{
    size_t keys = round_up(max_sequence, QSC_LANES), width = round_up(head_size, QSC_LANES);
    // what backward needs; forward takes less
    return 7 * keys * width + (size_t)2 * BLOCK * keys + BLOCK * width +
           QUERIES * round_up(max_sequence, KEYS);
}
