// Random numbers without a state: each is a function of a key and of its own index, so that any thread can
// make any part of them in any order. Philox4x32-10 (Salmon, Moraes, Dror, Shaw: Parallel random numbers: as
// easy as 1, 2, 3; SC 2011).
#ifndef QUIESCE_KERNELS_RANDOM_H
#define QUIESCE_KERNELS_RANDOM_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One stream of numbers: independent of those whose seed, step or site differs. */
struct qsc_random {
    uint64_t seed;
    uint32_t step; // of the training
    uint32_t site; // the place in the program that draws
};

struct qsc_dropout {
    struct qsc_random key;
    float probability; // that an element is dropped, in [0, 1); rounded to a multiple of 2^-16
};

/* The generator itself: four words from a counter and a key.
   Returns nothing. Never blocks, wait-free, no order given. Any thread, on buffers of its own. */
void qsc_philox(uint32_t out[4], const uint32_t counter[4], const uint32_t key[2]);

/* out[i] = word (first + i) of the stream, uniform over all 32-bit values.
   Returns nothing. Never blocks, wait-free, no order given. Any thread, on buffers of its own. Shapes: (n).
 */
void qsc_random_words(uint32_t *out, const struct qsc_random *key, uint64_t first, size_t n);

/* out[i] = normal deviate (first + i) of the stream: mean 0, standard deviation 1, by Box and Muller (1958).
   The same bits on every machine whose libm agrees.
   Returns nothing. Never blocks, wait-free, no order given. Any thread, on buffers of its own. Shapes: (n).
 */
void qsc_random_normal(float *out, const struct qsc_random *key, uint64_t first, size_t n);

/* mask[i] = the factor of element (first + i): 0 where it is dropped, 1 / (1 - probability) where it is kept
   (inverted dropout: Srivastava et al., 2014). Elements draw 16 bits each.
   Returns nothing. Never blocks, wait-free, no order given. Any thread, on buffers of its own. Shapes: (n).
 */
void qsc_dropout_mask(float *mask, const struct qsc_dropout *dropout, uint64_t first, int n);

#ifdef __cplusplus
}
#endif
#endif
