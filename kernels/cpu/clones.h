// QSC_CLONES before a function: it is compiled for each of these processors, and the loader picks the best
// one the machine can run. It picks by an ifunc resolver, which runs before a sanitizer's runtime is up, so
// sanitizer builds have the plain version alone.
#ifndef QUIESCE_KERNELS_CPU_CLONES_H
#define QUIESCE_KERNELS_CPU_CLONES_H

#ifdef __has_feature // clang says so in this way, gcc by macros
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define QSC_SANITIZED
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define QSC_SANITIZED
#endif

// clang 14 does not know target_clones yet; on other processors there is nothing to choose.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(QSC_SANITIZED)
#define QSC_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define QSC_CLONES
#endif

#endif
