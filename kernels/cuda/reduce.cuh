// Sums in an order that is fixed by the shape alone: no atomics, so the same inputs give the same bits.
#ifndef QUIESCE_KERNELS_CUDA_REDUCE_CUH
#define QUIESCE_KERNELS_CUDA_REDUCE_CUH

#include <quiesce/kernels/cuda/status.cuh>

constexpr int QSC_WARP = 32;
constexpr unsigned QSC_ALL_LANES = 0xFFFFFFFFu;

// The sum over each `lanes` neighbours, a power of two, in every one of them.
template <typename T> __device__ inline T qsc_lanes_sum(T x, int lanes)
{
    for (int step = lanes / 2; step > 0; step /= 2)
        x += __shfl_xor_sync(QSC_ALL_LANES, x, step);
    return x;
}

__device__ inline float qsc_lanes_highest(float x, int lanes)
{
    for (int step = lanes / 2; step > 0; step /= 2)
        x = fmaxf(x, __shfl_xor_sync(QSC_ALL_LANES, x, step));
    return x;
}

// The sum over a block of THREADS, a multiple of QSC_WARP, in its thread 0; all threads take part. A kernel
// may call it again.
template <int THREADS> __device__ inline double qsc_block_sum(double x)
{
    QSC_SHARED(double, sums, [THREADS / QSC_WARP]);
    x = qsc_lanes_sum(x, QSC_WARP);
    if (threadIdx.x % QSC_WARP == 0)
        sums[threadIdx.x / QSC_WARP] = x;
    __syncthreads();
    double total = 0;
    for (int i = 0; threadIdx.x == 0 && i < THREADS / QSC_WARP; i++)
        total += sums[i];
    __syncthreads(); // the next call writes sums
    return total;
}

// Where an element of a matrix of so many columns stands.
__host__ __device__ inline size_t qsc_element(int row, int column, int columns)
{
    return static_cast<size_t>(row) * static_cast<size_t>(columns) + static_cast<size_t>(column);
}

// Column sums of a matrix that nobody stores: Value is called once for every row and column, and adds what it
// finds to sums[0 .. SUMS). First the sums of each chunk of rows, then these in the order of the chunks.
constexpr int QSC_CHUNK = 128, QSC_CHUNK_COLUMNS = 32, QSC_CHUNK_LANES = 8;

template <int SUMS> struct qsc_column_sums {
    float *to[SUMS]; // (columns) each
};

static_assert(QSC_CUDA_MAX_SUMMED_ROWS == 65535 * QSC_CHUNK, "chunks are a grid's y");

inline unsigned qsc_chunks(int rows)
{
    return qsc_cuda_blocks(static_cast<size_t>(rows), QSC_CHUNK);
}

// The floats of scratch that qsc_sum_columns<SUMS> needs.
template <int SUMS> size_t qsc_sum_columns_scratch(int rows, int columns)
{
    return qsc_chunks(rows) * static_cast<size_t>(SUMS) * static_cast<size_t>(columns);
}

template <int SUMS, typename Value>
__global__ void qsc_sum_chunks(float *partial, Value value, int rows, int columns)
{
    QSC_SHARED(float, sums, [SUMS][QSC_CHUNK_LANES][QSC_CHUNK_COLUMNS]);
    int lane = static_cast<int>(threadIdx.y), place = static_cast<int>(threadIdx.x);
    int column = static_cast<int>(blockIdx.x) * QSC_CHUNK_COLUMNS + place;
    int first = static_cast<int>(blockIdx.y) * QSC_CHUNK, end = min(first + QSC_CHUNK, rows);
    float own[SUMS] = {};
    for (int row = first + lane; column < columns && row < end; row += QSC_CHUNK_LANES)
        value(own, row, column);
    for (int s = 0; s < SUMS; s++)
        sums[s][lane][place] = own[s];
    __syncthreads();
    for (int s = lane; s < SUMS && column < columns; s += QSC_CHUNK_LANES) {
        float total = 0;
        for (int i = 0; i < QSC_CHUNK_LANES; i++)
            total += sums[s][i][place];
        partial[qsc_element(static_cast<int>(blockIdx.y) * SUMS + s, column, columns)] = total;
    }
}

template <int SUMS>
__global__ void qsc_add_chunks(qsc_column_sums<SUMS> out, const float *partial, int chunks, int columns)
{
    int at = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
    if (at >= SUMS * columns)
        return;
    float total = 0;
    for (int c = 0; c < chunks; c++)
        total += partial[qsc_element(c, at, SUMS * columns)];
    out.to[at / columns][at % columns] = total;
}

// partial: scratch as above.
template <int SUMS, typename Value>
int qsc_sum_columns(qsc_column_sums<SUMS> out, float *partial, Value value, int rows, int columns,
                    cudaStream_t stream)
{
    constexpr int THREADS = 128;
    unsigned chunks = qsc_chunks(rows);
    if (chunks > 0)
        QSC_LAUNCH((qsc_sum_chunks<SUMS, Value>),
                   dim3(qsc_cuda_blocks(static_cast<size_t>(columns), QSC_CHUNK_COLUMNS), chunks),
                   dim3(QSC_CHUNK_COLUMNS, QSC_CHUNK_LANES), 0, stream, partial, value, rows, columns);
    QSC_LAUNCH((qsc_add_chunks<SUMS>),
               qsc_cuda_blocks(static_cast<size_t>(SUMS) * static_cast<size_t>(columns), THREADS), THREADS, 0,
               stream, out, partial, static_cast<int>(chunks), columns);
    return qsc_cuda_launched();
}

#endif
