#include <quiesce/kernels/cuda/layernorm.h>

#include <quiesce/kernels/cuda/random.cuh>
#include <quiesce/kernels/cuda/reduce.cuh>

#include <cerrno>

namespace
{

// A warp has a row, which waits in shared memory between the passes over it. Rows are independent: no
// block-wide barrier, and a warp without a row leaves.
constexpr int WARPS = 4;

// Calls visit(column, factor) for the lane's share of the row's columns, in the order in which the generator
// gives the factors: sixteen lanes have the sixteen counters of one group of elements, the others of the
// next. first: the number of the row's first element.
template <typename Visit>
__device__ void for_each_factor(const qsc_device_dropout &dropout, uint64_t first, int hidden, Visit visit)
{
    int lane = static_cast<int>(threadIdx.x) % QSC_WARP, counter = lane % QSC_COUNTERS;
    int begin = -static_cast<int>(first % QSC_GROUP); // the group's first column
    uint64_t group = first / QSC_GROUP + static_cast<uint64_t>(lane / QSC_COUNTERS);
    for (int column = begin + lane / QSC_COUNTERS * QSC_GROUP; column < hidden;
         column += 2 * QSC_GROUP, group += 2) {
        float factors[QSC_HALVES];
        qsc_dropout_factors(factors, dropout, group, static_cast<uint32_t>(counter));
        for (int j = 0; j < QSC_HALVES; j++) {
            int c = column + j * QSC_COUNTERS + counter;
            if (c >= 0 && c < hidden)
                visit(c, factors[j]);
        }
    }
}

// The same without dropout, neighbours beside each other.
template <typename Visit> __device__ void for_each_column(int hidden, Visit visit)
{
    for (int c = static_cast<int>(threadIdx.x) % QSC_WARP; c < hidden; c += QSC_WARP)
        visit(c);
}

__device__ inline int row_of_warp()
{
    return static_cast<int>(blockIdx.x * (blockDim.x / QSC_WARP) + threadIdx.x / QSC_WARP);
}

template <bool DROPOUT>
__global__ void forward(float *out, float *normal, float *rstd, const float *x, const float *residual,
                        qsc_device_dropout dropout, uint64_t first_row, const float *gamma, const float *beta,
                        float eps, int rows, int hidden)
{
    QSC_DYNAMIC_SHARED(float, memory);
    int row = row_of_warp();
    if (row >= rows)
        return;
    float *s = memory + threadIdx.x / QSC_WARP * static_cast<size_t>(hidden);
    size_t at = qsc_element(row, 0, hidden);
    float sum = 0;
    auto add = [&](int c, float factor) {
        float v = x[at + static_cast<size_t>(c)] * factor;
        if (residual)
            v += residual[at + static_cast<size_t>(c)];
        s[c] = v;
        sum += v;
    };
    if (DROPOUT)
        for_each_factor(dropout, (first_row + static_cast<uint64_t>(row)) * static_cast<uint64_t>(hidden),
                        hidden, add);
    else
        for_each_column(hidden, [&](int c) { add(c, 1.0f); });
    float mean = qsc_lanes_sum(sum, QSC_WARP) / static_cast<float>(hidden), squares = 0;
    __syncwarp(); // a column may have been another lane's
    for_each_column(hidden, [&](int c) { squares += (s[c] - mean) * (s[c] - mean); });
    float scale = 1.0f / sqrtf(qsc_lanes_sum(squares, QSC_WARP) / static_cast<float>(hidden) + eps);
    if (rstd && threadIdx.x % QSC_WARP == 0)
        rstd[row] = scale;
    for_each_column(hidden, [&](int c) {
        float v = (s[c] - mean) * scale;
        if (normal)
            normal[at + static_cast<size_t>(c)] = v;
        // Last: normal and out may be one buffer, and out is what remains.
        out[at + static_cast<size_t>(c)] = v * gamma[c] + beta[c];
    });
}

template <bool DROPOUT>
__global__ void backward(float *dx, float *dresidual, const float *dout_a, const float *dout_b,
                         const float *normal, const float *rstd, qsc_device_dropout dropout,
                         uint64_t first_row, const float *gamma, int rows, int hidden)
{
    QSC_DYNAMIC_SHARED(float, memory);
    int row = row_of_warp();
    if (row >= rows)
        return;
    float *dnormal = memory + threadIdx.x / QSC_WARP * static_cast<size_t>(hidden);
    size_t at = qsc_element(row, 0, hidden);
    float sum = 0, product = 0;
    for_each_column(hidden, [&](int c) {
        size_t i = at + static_cast<size_t>(c);
        float d = (dout_b ? dout_a[i] + dout_b[i] : dout_a[i]) * gamma[c];
        dnormal[c] = d;
        sum += d;
        product += d * normal[i];
    });
    float mean = qsc_lanes_sum(sum, QSC_WARP) / static_cast<float>(hidden);
    float slope = qsc_lanes_sum(product, QSC_WARP) / static_cast<float>(hidden);
    float scale = rstd[row];
    __syncwarp(); // a column may have been another lane's
    auto give = [&](int c, float factor) {
        size_t i = at + static_cast<size_t>(c);
        float d = (dnormal[c] - mean - normal[i] * slope) * scale;
        if (dresidual)
            dresidual[i] = d;
        if (dx)
            dx[i] = d * factor;
    };
    if (DROPOUT)
        for_each_factor(dropout, (first_row + static_cast<uint64_t>(row)) * static_cast<uint64_t>(hidden),
                        hidden, give);
    else
        for_each_column(hidden, [&](int c) { give(c, 1.0f); });
}

// One element's share of dgamma and dbeta.
struct share {
    const float *dout_a, *dout_b, *normal;
    int hidden;

    __device__ void operator()(float *sums, int row, int column) const
    {
        size_t i = qsc_element(row, column, hidden);
        float d = dout_b ? dout_a[i] + dout_b[i] : dout_a[i];
        sums[0] += d * normal[i];
        sums[1] += d;
    }
};

bool fits(int hidden)
{
    return hidden > 0 && hidden <= QSC_CUDA_LAYERNORM_MAX_HIDDEN;
}

// As many rows a block as its shared memory takes, at most WARPS.
template <typename Kernel, typename... Arguments>
int launch_rows(Kernel kernel, int rows, int hidden, qsc_cuda_stream *stream, Arguments... arguments)
{
    if (rows == 0)
        return 0;
    unsigned most = QSC_CUDA_LAYERNORM_MAX_HIDDEN / static_cast<unsigned>(hidden);
    unsigned warps = most < WARPS ? most : WARPS;
    QSC_LAUNCH(kernel, qsc_cuda_blocks(static_cast<size_t>(rows), warps), warps * QSC_WARP,
               warps * static_cast<size_t>(hidden) * sizeof(float), qsc_cuda_native(stream), arguments...,
               rows, hidden);
    return qsc_cuda_launched();
}

} // namespace

int qsc_cuda_layernorm_forward(float *out, float *normal, float *rstd, const float *x, const float *residual,
                               const struct qsc_dropout *dropout, uint64_t first_row, const float *gamma,
                               const float *beta, float eps, int rows, int hidden, qsc_cuda_stream *stream)
{
    if (!fits(hidden))
        return EINVAL;
    return launch_rows(dropout ? forward<true> : forward<false>, rows, hidden, stream, out, normal, rstd, x,
                       residual, qsc_to_device(dropout), first_row, gamma, beta, eps);
}

size_t qsc_cuda_layernorm_scratch_floats(int rows, int hidden)
{
    return qsc_sum_columns_scratch<2>(rows, hidden);
}

int qsc_cuda_layernorm_backward(float *dx, float *dresidual, float *dgamma, float *dbeta, const float *dout_a,
                                const float *dout_b, const float *normal, const float *rstd,
                                const struct qsc_dropout *dropout, uint64_t first_row, const float *gamma,
                                int rows, int hidden, float *scratch, qsc_cuda_stream *stream)
{
    if (!fits(hidden))
        return EINVAL;
    if (dgamma) { // first: what follows may write over dout
        int code = qsc_sum_columns<2>({{dgamma, dbeta}}, scratch, share{dout_a, dout_b, normal, hidden}, rows,
                                      hidden, qsc_cuda_native(stream));
        if (code)
            return code;
    }
    return launch_rows(dropout ? backward<true> : backward<false>, rows, hidden, stream, dx, dresidual,
                       dout_a, dout_b, normal, rstd, qsc_to_device(dropout), first_row, gamma);
}
