/* probes.h (internal): static probes (USDT) for tracers such as bpftrace, SystemTap and perf, where the
 * compiler finds <sys/sdt.h> (Debian: systemtap-sdt-dev). Each is a nop, and a note in the object file that
 * says where it stands and where its arguments are. docs/observe.md lists them. */
#ifndef QUIESCE_CONCURRENCY_PROBES_H
#define QUIESCE_CONCURRENCY_PROBES_H

#if __has_include(<sys/sdt.h>)
#include <sys/sdt.h>
#define QSC_PROBE1(name, one) DTRACE_PROBE1(quiesce, name, one)
#define QSC_PROBE2(name, one, two) DTRACE_PROBE2(quiesce, name, one, two)
#else
#define QSC_PROBE1(name, one) ((void)(one))
#define QSC_PROBE2(name, one, two) ((void)(one), (void)(two))
#endif

#endif
