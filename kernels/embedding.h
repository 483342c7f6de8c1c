// The sum of word, position and token type embeddings that a BERT begins with. A position is the token's
// place in its own sequence.
#ifndef QUIESCE_KERNELS_EMBEDDING_H
#define QUIESCE_KERNELS_EMBEDDING_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* out[t] = word[ids[t]] + position[t - start of its sequence] + type[types[t]], tokens of all sequences one
   after the other. Returns nothing. Never blocks, wait-free, no order given. Any thread, on buffers of its
   own; ids, types and lengths lie within the tables. Shapes: out (T,H); word (V,H); position (P,H); type
   (Y,H); ids (T); types (T), NULL = all 0; cu_seqlens (S+1), from 0 to T. */
void qsc_embedding_forward(float *out, const float *word, const float *position, const float *type,
                           const int32_t *ids, const int32_t *types, const int32_t *cu_seqlens, int sequences,
                           int hidden);

/* dword[rows[t]] += dout[t], dposition[...] += dout[t], dtype[...] += dout[t], in the order of the tokens;
   the three are zeroed first. Returns nothing. Never blocks, wait-free, no order given. Any thread, on
   buffers of its own. Shapes: dword (word_rows,H); dposition (P,H); dtype (Y,H); dout (T,H); rows (T): a
   token's row of dword, the word's id or its number in a smaller table (a step touches a few hundred words of
   30 thousand). */
void qsc_embedding_backward(float *dword, float *dposition, float *dtype, const float *dout,
                            const int32_t *rows, const int32_t *types, const int32_t *cu_seqlens,
                            int sequences, int hidden, int word_rows, int positions, int token_types);

#ifdef __cplusplus
}
#endif
#endif
