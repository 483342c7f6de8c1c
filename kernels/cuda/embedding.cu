#include <quiesce/kernels/cuda/embedding.h>

#include <quiesce/kernels/cuda/reduce.cuh>

namespace
{

constexpr int THREADS = 128;

// Where the token's sequence begins: the last start that is not after it. Sequences without tokens share
// theirs with the next one.
__device__ inline int start_of(int token, const int32_t *cu_seqlens, int sequences)
{
    int low = 0, high = sequences;
    while (high - low > 1) {
        int middle = low + (high - low) / 2;
        if (cu_seqlens[middle] <= token)
            low = middle;
        else
            high = middle;
    }
    return cu_seqlens[low];
}

// A block has a token.
__global__ void forward(float *out, const float *word, const float *position, const float *type,
                        const int32_t *ids, const int32_t *types, const int32_t *cu_seqlens, int sequences,
                        int hidden)
{
    int token = static_cast<int>(blockIdx.x), place = token - start_of(token, cu_seqlens, sequences);
    int kind = types ? types[token] : 0;
    for (int c = static_cast<int>(threadIdx.x); c < hidden; c += THREADS)
        out[qsc_element(token, c, hidden)] = word[qsc_element(ids[token], c, hidden)] +
                                             position[qsc_element(place, c, hidden)] +
                                             type[qsc_element(kind, c, hidden)];
}

// The next THREADS tokens, from `first` on, that have this row; each thread says of its own. The list comes
// out in the order of the tokens. Two barriers; all threads take part.
__device__ int list_tokens(int *list, const int32_t *rows, int first, int tokens, int row)
{
    QSC_SHARED(int, counts, [THREADS / QSC_WARP]);
    int token = first + static_cast<int>(threadIdx.x), warp = static_cast<int>(threadIdx.x) / QSC_WARP,
        lane = static_cast<int>(threadIdx.x) % QSC_WARP;
    bool has = token < tokens && rows[token] == row;
    unsigned those = __ballot_sync(QSC_ALL_LANES, has);
    if (lane == 0)
        counts[warp] = __popc(those);
    __syncthreads();
    int before = 0, all = 0;
    for (int w = 0; w < THREADS / QSC_WARP; w++) {
        before += w < warp ? counts[w] : 0;
        all += counts[w];
    }
    if (has)
        list[before + __popc(those & ((1u << lane) - 1))] = token;
    __syncthreads();
    return all;
}

// A block has a token and ends at once unless it is the first of its row; then it adds up all tokens of that
// row: no atomics, and nothing to sort.
__global__ void add_words(float *dword, const float *dout, const int32_t *rows, int tokens, int hidden)
{
    QSC_SHARED(int, list, [THREADS]);
    int token = static_cast<int>(blockIdx.x), row = rows[token];
    bool earlier = false;
    for (int t = static_cast<int>(threadIdx.x); t < token && !earlier; t += THREADS)
        earlier = rows[t] == row;
    if (__syncthreads_or(earlier))
        return;
    for (int first = token; first < tokens; first += THREADS) {
        int count = list_tokens(list, rows, first, tokens, row);
        for (int c = static_cast<int>(threadIdx.x); c < hidden; c += THREADS) {
            float sum = first == token ? 0.0f : dword[qsc_element(row, c, hidden)];
            for (int i = 0; i < count; i++)
                sum += dout[qsc_element(list[i], c, hidden)];
            dword[qsc_element(row, c, hidden)] = sum;
        }
    }
}

// A block has a position.
__global__ void add_positions(float *dposition, const float *dout, const int32_t *cu_seqlens, int sequences,
                              int hidden)
{
    int place = static_cast<int>(blockIdx.x);
    for (int c = static_cast<int>(threadIdx.x); c < hidden; c += THREADS) {
        float sum = 0;
        for (int s = 0; s < sequences; s++) {
            int token = cu_seqlens[s] + place;
            if (token < cu_seqlens[s + 1])
                sum += dout[qsc_element(token, c, hidden)];
        }
        dposition[qsc_element(place, c, hidden)] = sum;
    }
}

struct of_type {
    const float *dout;
    const int32_t *types;
    int type, hidden;

    __device__ void operator()(float *sums, int token, int column) const
    {
        if ((types ? types[token] : 0) == type)
            sums[0] += dout[qsc_element(token, column, hidden)];
    }
};

} // namespace

int qsc_cuda_embedding_forward(float *out, const float *word, const float *position, const float *type,
                               const int32_t *ids, const int32_t *types, const int32_t *cu_seqlens,
                               int sequences, int tokens, int hidden, qsc_cuda_stream *stream)
{
    if (tokens == 0)
        return 0;
    QSC_LAUNCH(forward, static_cast<unsigned>(tokens), THREADS, 0, qsc_cuda_native(stream), out, word,
               position, type, ids, types, cu_seqlens, sequences, hidden);
    return qsc_cuda_launched();
}

size_t qsc_cuda_embedding_scratch_floats(int tokens, int hidden)
{
    return qsc_sum_columns_scratch<1>(tokens, hidden);
}

int qsc_cuda_embedding_backward(float *dword, float *dposition, float *dtype, const float *dout,
                                const int32_t *rows, const int32_t *types, const int32_t *cu_seqlens,
                                int sequences, int tokens, int hidden, int word_rows, int positions,
                                int token_types, float *scratch, qsc_cuda_stream *stream)
{
    cudaStream_t native = qsc_cuda_native(stream);
    size_t bytes = static_cast<size_t>(word_rows) * static_cast<size_t>(hidden) * sizeof(float);
    int code = bytes ? qsc_cuda_status(cudaMemsetAsync(dword, 0, bytes, native)) : 0;
    if (code)
        return code;
    if (tokens > 0)
        QSC_LAUNCH(add_words, static_cast<unsigned>(tokens), THREADS, 0, native, dword, dout, rows, tokens,
                   hidden);
    QSC_LAUNCH(add_positions, static_cast<unsigned>(positions), THREADS, 0, native, dposition, dout,
               cu_seqlens, sequences, hidden);
    code = qsc_cuda_launched();
    for (int y = 0; y < token_types && !code; y++)
        code = qsc_sum_columns<1>({{dtype + qsc_element(y, 0, hidden)}}, scratch,
                                  of_type{dout, types, y, hidden}, tokens, hidden, native);
    return code;
}
