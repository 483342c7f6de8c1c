#include <quiesce/kernels/cuda/attention.h>

#include <quiesce/kernels/cuda/random.cuh>
#include <quiesce/kernels/cuda/reduce.cuh>

#include <cerrno>
#include <cmath>
#include <type_traits>

// FlashAttention-2 (Dao, 2023) in plain floats. A block has TILE rows of one sequence and head, and goes over
// the others TILE at a time. Backward is two kernels, one with a block for each tile of queries (dQ), one for
// each tile of keys (dK, dV): each recomputes the scores, and none needs atomics.

namespace
{

constexpr int TILE = 32;
constexpr int SIDE = 8; // threads by threads in a block
constexpr int THREADS = SIDE * SIDE;
constexpr int EACH = TILE / SIDE; // rows, and columns of scores, of one thread: SIDE apart

// Four floats more a row than needed: then the rows that a warp reads at once lie in different banks. For
// scores eight, for the same reason.
template <int D> using panel = float (*)[D + 4]; // (TILE,D) of Q, K, V or dout; D >= head_size, zeros between
using square = float (*)[TILE + 8];              // (TILE,TILE)

template <int D> constexpr size_t panel_bytes = sizeof(float) * TILE *(D + 4);
constexpr size_t square_bytes = sizeof(float) * TILE * (TILE + 8);

// What a block knows of its work. blockIdx: sequence, head, tile.
struct work {
    int heads, size, hidden;
    int begin, length; // of the sequence
    int head, first;   // of the tile, in the sequence
    float scale;
};

struct attention {
    int heads, size;
    bool drops;
    qsc_device_dropout dropout;
    uint64_t first_token, row;
};

__device__ inline work own_work(const int32_t *cu_seqlens, const attention &a)
{
    int sequence = static_cast<int>(blockIdx.x), begin = cu_seqlens[sequence];
    return {a.heads,
            a.size,
            a.heads * a.size,
            begin,
            cu_seqlens[sequence + 1] - begin,
            static_cast<int>(blockIdx.y),
            static_cast<int>(blockIdx.z) * TILE,
            1.0f / sqrtf(static_cast<float>(a.size))};
}

// Where the head's columns of a token stand in a matrix of `width` columns.
__device__ inline size_t at(const work &w, int token, int width)
{
    return qsc_element(w.begin + token, w.head * w.size, width);
}

// Where a row's lse and delta stand.
__device__ inline size_t row_at(const work &w, int query)
{
    return qsc_element(w.begin + query, w.head, w.heads);
}

__device__ inline int thread_x()
{
    return static_cast<int>(threadIdx.x) % SIDE;
}

__device__ inline int thread_y()
{
    return static_cast<int>(threadIdx.x) / SIDE;
}

// to = factor * the tile's rows of `from`, zeros beyond the sequence and the head.
template <int D>
__device__ void load(panel<D> to, const float *from, int width, const work &w, int first, float factor)
{
    for (int i = static_cast<int>(threadIdx.x); i < TILE * D; i += THREADS) {
        int row = i / D, column = i % D;
        bool inside = first + row < w.length && column < w.size;
        to[row][column] =
            inside ? factor * from[at(w, first + row, width) + static_cast<size_t>(column)] : 0.0f;
    }
}

// The dropout factors of the tile's queries and keys (see ../attention.h for the numbers): the eight of one
// counter belong to eight queries and one key.
__device__ void draw(square factors, const attention &a, const work &w, int query, int key)
{
    uint64_t first = a.first_token + static_cast<uint64_t>(w.begin) + static_cast<uint64_t>(query);
    int skip = static_cast<int>(first % QSC_HALVES); // queries of the first eight before the tile
    int eights = (skip + TILE + QSC_HALVES - 1) / QSC_HALVES;
    for (int i = static_cast<int>(threadIdx.x); i < eights * TILE; i += THREADS) {
        int eight = i / TILE, column = i % TILE, k = key + column;
        uint64_t line = (first / QSC_HALVES + static_cast<uint64_t>(eight)) * static_cast<uint64_t>(w.heads) +
                        static_cast<uint64_t>(w.head);
        float eight_factors[QSC_HALVES];
        qsc_dropout_factors(eight_factors, a.dropout,
                            line * (a.row / QSC_COUNTERS) + static_cast<uint64_t>(k / QSC_COUNTERS),
                            static_cast<uint32_t>(k % QSC_COUNTERS));
        for (int j = 0; j < QSC_HALVES; j++) {
            int row = eight * QSC_HALVES + j - skip;
            if (row >= 0 && row < TILE)
                factors[row][column] = eight_factors[j];
        }
    }
}

// s[i][j] = a's row y + SIDE i times b's row x + SIDE j.
template <int D> __device__ void products(float s[EACH][EACH], panel<D> a, panel<D> b)
{
    for (int i = 0; i < EACH; i++) {
        for (int j = 0; j < EACH; j++)
            s[i][j] = 0;
    }
    for (int c = 0; c < D; c += 4) {
        float4 p[EACH], q[EACH];
        for (int i = 0; i < EACH; i++) {
            p[i] = *reinterpret_cast<const float4 *>(&a[thread_y() + SIDE * i][c]);
            q[i] = *reinterpret_cast<const float4 *>(&b[thread_x() + SIDE * i][c]);
        }
        for (int i = 0; i < EACH; i++) {
            for (int j = 0; j < EACH; j++) {
                s[i][j] += p[i].x * q[j].x;
                s[i][j] += p[i].y * q[j].y;
                s[i][j] += p[i].z * q[j].z;
                s[i][j] += p[i].w * q[j].w;
            }
        }
    }
}

// A thread's share of a (TILE,D) sum: rows y + SIDE i, columns 4 x + TILE m and the three after it.
template <int D> struct sums {
    float4 at[EACH][D / TILE];
};

template <int D> __device__ void clear(sums<D> &to)
{
    for (int i = 0; i < EACH; i++) {
        for (int m = 0; m < D / TILE; m++)
            to.at[i][m] = make_float4(0, 0, 0, 0);
    }
}

__device__ inline void multiply(float4 &v, float factor)
{
    v.x *= factor;
    v.y *= factor;
    v.z *= factor;
    v.w *= factor;
}

// to += weights times v, or the transposed of weights times v; `depth` rows of v.
template <int D, bool TRANSPOSED>
__device__ void accumulate(sums<D> &to, square weights, panel<D> v, int depth)
{
    for (int j = 0; j < depth; j++) {
        float weight[EACH];
        for (int i = 0; i < EACH; i++) {
            int row = thread_y() + SIDE * i;
            weight[i] = TRANSPOSED ? weights[j][row] : weights[row][j];
        }
        for (int m = 0; m < D / TILE; m++) {
            float4 x = *reinterpret_cast<const float4 *>(&v[j][4 * thread_x() + TILE * m]);
            for (int i = 0; i < EACH; i++) {
                to.at[i][m].x += weight[i] * x.x;
                to.at[i][m].y += weight[i] * x.y;
                to.at[i][m].z += weight[i] * x.z;
                to.at[i][m].w += weight[i] * x.w;
            }
        }
    }
}

// The thread's share of one row to `to`, the columns that the head has.
template <int D> __device__ void store(float *to, const float4 (&row)[D / TILE], int size, float factor)
{
    for (int m = 0; m < D / TILE; m++) {
        const float four[] = {row[m].x, row[m].y, row[m].z, row[m].w};
        for (int k = 0; k < 4; k++) {
            int column = 4 * thread_x() + TILE * m + k;
            if (column < size)
                to[column] = four[k] * factor;
        }
    }
}

// Panels and squares that follow each other in a block's dynamic shared memory.
template <int D> __device__ panel<D> take_panel(float *&memory)
{
    panel<D> p = reinterpret_cast<panel<D>>(memory);
    memory += panel_bytes<D> / sizeof(float);
    return p;
}

__device__ inline square take_square(float *&memory)
{
    square s = reinterpret_cast<square>(memory);
    memory += square_bytes / sizeof(float);
    return s;
}

template <int D>
__global__ void __launch_bounds__(THREADS)
    forward(float *out, float *lse, const float *qkv, const int32_t *cu_seqlens, attention a)
{
    QSC_DYNAMIC_SHARED(float, memory);
    panel<D> q = take_panel<D>(memory), k = take_panel<D>(memory), v = take_panel<D>(memory);
    square p = take_square(memory);
    work w = own_work(cu_seqlens, a);
    if (w.first >= w.length)
        return;
    load<D>(q, qkv, 3 * w.hidden, w, w.first, w.scale);
    sums<D> total;
    clear(total);
    float highest[EACH], sum[EACH]; // of a row; a thread's own columns of it until the end
    for (int i = 0; i < EACH; i++) {
        highest[i] = -INFINITY;
        sum[i] = 0;
    }
    for (int key = 0; key < w.length; key += TILE) {
        __syncthreads(); // the last tile is used up
        load<D>(k, qkv + w.hidden, 3 * w.hidden, w, key, 1);
        load<D>(v, qkv + 2 * w.hidden, 3 * w.hidden, w, key, 1);
        if (a.drops)
            draw(p, a, w, w.first, key);
        __syncthreads();
        float s[EACH][EACH];
        products<D>(s, q, k);
        for (int i = 0; i < EACH; i++) {
            float top = highest[i];
            for (int j = 0; j < EACH; j++) {
                if (key + thread_x() + SIDE * j >= w.length)
                    s[i][j] = -INFINITY;
                top = fmaxf(top, s[i][j]);
            }
            top = qsc_lanes_highest(top, SIDE); // finite: each tile has a key
            float shrink = expf(highest[i] - top);
            highest[i] = top;
            sum[i] *= shrink;
            for (int m = 0; m < D / TILE; m++)
                multiply(total.at[i][m], shrink);
            for (int j = 0; j < EACH; j++) {
                float e = expf(s[i][j] - top);
                sum[i] += e; // the softmax is made before dropout
                float &place = p[thread_y() + SIDE * i][thread_x() + SIDE * j];
                place = a.drops ? e * place : e;
            }
        }
        __syncthreads();
        accumulate<D, false>(total, p, v, min(TILE, w.length - key));
    }
    for (int i = 0; i < EACH; i++) {
        float whole = qsc_lanes_sum(sum[i], SIDE);
        int query = w.first + thread_y() + SIDE * i;
        if (query >= w.length)
            continue;
        store<D>(out + at(w, query, w.hidden), total.at[i], w.size, 1.0f / whole);
        if (lse && thread_x() == 0)
            lse[row_at(w, query)] = highest[i] + logf(whole);
    }
}

// In both kernels what lies beyond the last key or query gets values, even infinite ones, that nothing reads.

// dQ, and delta: the sum of dout * out over the head, what the softmax's normalisation takes back from each
// score's gradient.
template <int D>
__global__ void __launch_bounds__(THREADS)
    backward_queries(float *dqkv, float *delta, const float *dout, const float *out, const float *lse,
                     const float *qkv, const int32_t *cu_seqlens, attention a)
{
    QSC_DYNAMIC_SHARED(float, memory);
    panel<D> q = take_panel<D>(memory), dy = take_panel<D>(memory), k = take_panel<D>(memory),
             v = take_panel<D>(memory);
    square ds = take_square(memory);
    work w = own_work(cu_seqlens, a);
    if (w.first >= w.length)
        return;
    load<D>(q, qkv, 3 * w.hidden, w, w.first, w.scale);
    load<D>(dy, dout, w.hidden, w, w.first, 1);
    __syncthreads();
    float row_lse[EACH], row_delta[EACH];
    for (int i = 0; i < EACH; i++) {
        int row = thread_y() + SIDE * i, query = w.first + row;
        bool inside = query < w.length;
        float dot = 0;
        for (int c = thread_x(); inside && c < w.size; c += SIDE)
            dot += dy[row][c] * out[at(w, query, w.hidden) + static_cast<size_t>(c)];
        row_delta[i] = qsc_lanes_sum(dot, SIDE);
        row_lse[i] = inside ? lse[row_at(w, query)] : 0.0f;
        if (inside && thread_x() == 0)
            delta[row_at(w, query)] = row_delta[i];
    }
    sums<D> dq;
    clear(dq);
    for (int key = 0; key < w.length; key += TILE) {
        __syncthreads(); // the last tile is used up
        load<D>(k, qkv + w.hidden, 3 * w.hidden, w, key, 1);
        load<D>(v, qkv + 2 * w.hidden, 3 * w.hidden, w, key, 1);
        if (a.drops)
            draw(ds, a, w, w.first, key);
        __syncthreads();
        float s[EACH][EACH], dp[EACH][EACH];
        products<D>(s, q, k);
        products<D>(dp, dy, v);
        for (int i = 0; i < EACH; i++) {
            for (int j = 0; j < EACH; j++) {
                int row = thread_y() + SIDE * i, column = thread_x() + SIDE * j;
                float p = expf(s[i][j] - row_lse[i]);
                float d = a.drops ? dp[i][j] * ds[row][column] : dp[i][j];
                ds[row][column] = p * (d - row_delta[i]);
            }
        }
        __syncthreads();
        accumulate<D, false>(dq, ds, k, min(TILE, w.length - key));
    }
    for (int i = 0; i < EACH; i++) {
        int query = w.first + thread_y() + SIDE * i;
        if (query < w.length)
            store<D>(dqkv + at(w, query, 3 * w.hidden), dq.at[i], w.size, w.scale);
    }
}

// dK and dV; delta is that of the kernel before.
template <int D>
__global__ void __launch_bounds__(THREADS)
    backward_keys(float *dqkv, const float *delta, const float *dout, const float *lse, const float *qkv,
                  const int32_t *cu_seqlens, attention a)
{
    QSC_DYNAMIC_SHARED(float, memory);
    panel<D> q = take_panel<D>(memory), dy = take_panel<D>(memory), k = take_panel<D>(memory),
             v = take_panel<D>(memory);
    square ds = take_square(memory), kept = take_square(memory); // kept: probabilities after dropout
    work w = own_work(cu_seqlens, a);
    if (w.first >= w.length)
        return;
    load<D>(k, qkv + w.hidden, 3 * w.hidden, w, w.first, 1);
    load<D>(v, qkv + 2 * w.hidden, 3 * w.hidden, w, w.first, 1);
    sums<D> dk, dv;
    clear(dk);
    clear(dv);
    for (int first = 0; first < w.length; first += TILE) {
        __syncthreads(); // the last tile is used up
        load<D>(q, qkv, 3 * w.hidden, w, first, w.scale);
        load<D>(dy, dout, w.hidden, w, first, 1);
        if (a.drops)
            draw(ds, a, w, first, w.first);
        __syncthreads();
        float s[EACH][EACH], dp[EACH][EACH];
        products<D>(s, q, k);
        products<D>(dp, dy, v);
        for (int i = 0; i < EACH; i++) {
            int row = thread_y() + SIDE * i, query = first + row;
            bool inside = query < w.length;
            float row_lse = inside ? lse[row_at(w, query)] : 0.0f;
            float row_delta = inside ? delta[row_at(w, query)] : 0.0f;
            for (int j = 0; j < EACH; j++) {
                int column = thread_x() + SIDE * j;
                float p = expf(s[i][j] - row_lse);
                float factor = a.drops ? ds[row][column] : 1.0f;
                kept[row][column] = p * factor;
                ds[row][column] = p * (dp[i][j] * factor - row_delta);
            }
        }
        __syncthreads();
        int depth = min(TILE, w.length - first);
        accumulate<D, true>(dv, kept, dy, depth);
        accumulate<D, true>(dk, ds, q, depth); // q has the scale already
    }
    for (int i = 0; i < EACH; i++) {
        int key = w.first + thread_y() + SIDE * i;
        if (key >= w.length)
            continue;
        float *to = dqkv + at(w, key, 3 * w.hidden);
        store<D>(to + w.hidden, dk.at[i], w.size, 1);
        store<D>(to + 2 * w.hidden, dv.at[i], w.size, 1);
    }
}

attention to_device(const qsc_attention *a)
{
    return {a->heads, a->head_size, a->dropout != nullptr, qsc_to_device(a->dropout), a->first_token, a->row};
}

// Beyond 48 KiB of shared memory a kernel has to ask.
template <typename... P, typename... A>
int launch(void (*kernel)(P...), dim3 grid, size_t shared_bytes, cudaStream_t stream, A... arguments)
{
    int code = qsc_cuda_status(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize,
                                                    static_cast<int>(shared_bytes)));
    if (code)
        return code;
    QSC_LAUNCH(kernel, grid, THREADS, shared_bytes, stream, arguments...);
    return qsc_cuda_launched();
}

// run(grid, D), D the columns of the narrowest panels that hold a head: a constant's type.
template <typename Run> int for_head(const qsc_attention *a, int sequences, int max_sequence, Run run)
{
    if (a->head_size <= 0 || a->head_size > QSC_CUDA_ATTENTION_MAX_HEAD)
        return EINVAL;
    if (sequences == 0 || max_sequence == 0)
        return 0;
    dim3 grid(static_cast<unsigned>(sequences), static_cast<unsigned>(a->heads),
              qsc_cuda_blocks(static_cast<size_t>(max_sequence), TILE));
    if (a->head_size <= 32)
        return run(grid, std::integral_constant<int, 32>());
    if (a->head_size <= 64)
        return run(grid, std::integral_constant<int, 64>());
    return run(grid, std::integral_constant<int, QSC_CUDA_ATTENTION_MAX_HEAD>());
}

} // namespace

int qsc_cuda_attention_forward(float *out, float *lse, const float *qkv, const int32_t *cu_seqlens,
                               int sequences, int max_sequence, const struct qsc_attention *a,
                               qsc_cuda_stream *stream)
{
    return for_head(a, sequences, max_sequence, [=](dim3 grid, auto columns) {
        constexpr int D = decltype(columns)::value;
        return launch(forward<D>, grid, 3 * panel_bytes<D> + square_bytes, qsc_cuda_native(stream), out, lse,
                      qkv, cu_seqlens, to_device(a));
    });
}

int qsc_cuda_attention_backward(float *dqkv, const float *dout, const float *out, const float *lse,
                                const float *qkv, const int32_t *cu_seqlens, int sequences, int max_sequence,
                                const struct qsc_attention *a, float *delta, qsc_cuda_stream *stream)
{
    return for_head(a, sequences, max_sequence, [=](dim3 grid, auto columns) {
        constexpr int D = decltype(columns)::value;
        constexpr size_t bytes = 4 * panel_bytes<D> + square_bytes;
        int code = launch(backward_queries<D>, grid, bytes, qsc_cuda_native(stream), dqkv, delta, dout, out,
                          lse, qkv, cu_seqlens, to_device(a));
        return code ? code
                    : launch(backward_keys<D>, grid, bytes + square_bytes, qsc_cuda_native(stream), dqkv,
                             delta, dout, lse, qkv, cu_seqlens, to_device(a));
    });
}
