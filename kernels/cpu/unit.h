// What works on vectors is compiled once for each kind of vector unit (CMakeLists.txt), with QSC_UNIT and
// QSC_LANES set: included first, this makes every public name end in the unit's, and unit.c picks among them
// when a program runs. Not the compiler's target_clones: those share their vectors' width, and gcc keeps a
// vector wider than the processor's in memory.
#ifndef QUIESCE_KERNELS_CPU_UNIT_H
#define QUIESCE_KERNELS_CPU_UNIT_H

#define QSC_JOIN_(name, unit) name##_##unit
#define QSC_JOIN(name, unit) QSC_JOIN_(name, unit)
#define QSC_OF_UNIT(name) QSC_JOIN(name, QSC_UNIT)

#define qsc_adamw_step QSC_OF_UNIT(qsc_adamw_step)
#define qsc_attention_backward QSC_OF_UNIT(qsc_attention_backward)
#define qsc_attention_forward QSC_OF_UNIT(qsc_attention_forward)
#define qsc_attention_scratch_floats QSC_OF_UNIT(qsc_attention_scratch_floats)
#define qsc_bf16_multiply QSC_OF_UNIT(qsc_bf16_multiply)
#define qsc_bf16_pack_left QSC_OF_UNIT(qsc_bf16_pack_left)
#define qsc_bf16_pack_left_transposed QSC_OF_UNIT(qsc_bf16_pack_left_transposed)
#define qsc_bf16_pack_right QSC_OF_UNIT(qsc_bf16_pack_right)
#define qsc_bf16_pack_right_transposed QSC_OF_UNIT(qsc_bf16_pack_right_transposed)
#define qsc_dequantize QSC_OF_UNIT(qsc_dequantize)
#define qsc_dropout_mask QSC_OF_UNIT(qsc_dropout_mask)
#define qsc_embedding_backward QSC_OF_UNIT(qsc_embedding_backward)
#define qsc_embedding_forward QSC_OF_UNIT(qsc_embedding_forward)
#define qsc_gelu_backward QSC_OF_UNIT(qsc_gelu_backward)
#define qsc_gelu_forward QSC_OF_UNIT(qsc_gelu_forward)
#define qsc_layernorm_backward QSC_OF_UNIT(qsc_layernorm_backward)
#define qsc_layernorm_forward QSC_OF_UNIT(qsc_layernorm_forward)
#define qsc_pack_rows QSC_OF_UNIT(qsc_pack_rows)
#define qsc_pack_transposed QSC_OF_UNIT(qsc_pack_transposed)
#define qsc_philox QSC_OF_UNIT(qsc_philox)
#define qsc_quantize_rows QSC_OF_UNIT(qsc_quantize_rows)
#define qsc_random_normal QSC_OF_UNIT(qsc_random_normal)
#define qsc_random_words QSC_OF_UNIT(qsc_random_words)
#define qsc_sgd_step QSC_OF_UNIT(qsc_sgd_step)
#define qsc_squares QSC_OF_UNIT(qsc_squares)
#define qsc_sum_rows QSC_OF_UNIT(qsc_sum_rows)

#endif
