// The sum of a matrix's rows: a bias's gradient.
#ifndef QUIESCE_KERNELS_CPU_SUM_ROWS_H
#define QUIESCE_KERNELS_CPU_SUM_ROWS_H

// sum (columns) = the rows of (m, columns), added up from the first to the last; zeros if m is 0.
void qsc_sum_rows(float *sum, const float *rows, int m, int columns);

#endif
