// The sum of word, position and token type embeddings on the device, and its gradient (../embedding.h).
#ifndef QUIESCE_KERNELS_CUDA_EMBEDDING_H
#define QUIESCE_KERNELS_CUDA_EMBEDDING_H

#include <quiesce/kernels/cuda/device.h>

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* out[t] = word[ids[t]] + position[t - start of its sequence] + type[types[t]], tokens of all sequences one
   after the other. Returns 0, EIO. Never blocks. No order given. Any thread; ids, types and lengths lie
   within the tables. tokens = T, which the host knows. Shapes, on the device: out (T,H); word (V,H); position
   (P,H); type (Y,H); ids (T); types (T), NULL = all 0; cu_seqlens (S+1), from 0 to T. */
int qsc_cuda_embedding_forward(float *out, const float *word, const float *position, const float *type,
                               const int32_t *ids, const int32_t *types, const int32_t *cu_seqlens,
                               int sequences, int tokens, int hidden, qsc_cuda_stream *stream)
    __attribute__((warn_unused_result));

/* The floats of scratch that backward needs. Never blocks, wait-free. Any thread. */
size_t qsc_cuda_embedding_scratch_floats(int tokens, int hidden);

/* dword[rows[t]] += dout[t], dposition[...] += dout[t], in the order of the tokens: the bits of
   qsc_embedding_backward. dtype[...] += dout[t] in an order that the shape alone fixes. The three are zeroed
   first. Returns 0, EINVAL (no positions, no columns, or more than QSC_CUDA_MAX_SUMMED_ROWS tokens), EIO. May
   be called as forward. Shapes, on the device: dword (word_rows,H); dposition (P,H);
   dtype (Y,H); dout (T,H); rows (T): a token's row of dword, the word's id or its number in a smaller table;
   scratch as above. */
int qsc_cuda_embedding_backward(float *dword, float *dposition, float *dtype, const float *dout,
                                const int32_t *rows, const int32_t *types, const int32_t *cu_seqlens,
                                int sequences, int tokens, int hidden, int word_rows, int positions,
                                int token_types, float *scratch, qsc_cuda_stream *stream)
    __attribute__((warn_unused_result));

#ifdef __cplusplus
}
#endif
#endif
