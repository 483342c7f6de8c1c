/* What the shim finds wrong with a program. */
#ifndef QSC_SHIM_CUDA_FINDINGS_H
#define QSC_SHIM_CUDA_FINDINGS_H

/* Prints it, and ends the program unless findings are collected. */
void shim_found(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Forgets what was found and collects no more. */
void shim_findings_begin(void);

#endif
