#include "machine.h"

#include <errno.h>
#include <glob.h>
#include <gnu/libc-version.h>
#include <quiesce/concurrency/port.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif

#define CPU0 "/sys/devices/system/cpu/cpu0/"

/* The first line of a file. */
static void read_line(char *text, size_t size, const char *path)
{
    snprintf(text, size, "unknown");
    FILE *file = fopen(path, "re");
    char line[256];
    if (file && fgets(line, sizeof line, file) && line[0] != '\n') {
        line[strcspn(line, "\n")] = '\0';
        snprintf(text, size, "%.*s", (int)size - 1, line);
    }
    if (file)
        fclose(file);
}

/* How many numbers a list such as "0-3,8" has. */
static unsigned count_list(const char *path)
{
    char text[256];
    read_line(text, sizeof text, path);
    unsigned count = 0, first, last;
    int length;
    for (const char *at = text; sscanf(at, "%u%n", &first, &length) == 1; at += *at == ',') {
        at += length;
        last = first;
        if (sscanf(at, "-%u%n", &last, &length) == 1)
            at += length;
        count += last - first + 1;
    }
    return count;
}

static bool exists(const char *pattern)
{
    glob_t found;
    bool any = glob(pattern, GLOB_NOSORT, NULL, &found) == 0;
    if (any)
        globfree(&found);
    return any;
}

static void read_cpu(char *text, size_t size)
{
    snprintf(text, size, "unknown");
    FILE *file = fopen("/proc/cpuinfo", "re");
    char line[256];
    while (file && fgets(line, sizeof line, file)) {
        char *value = strchr(line, ':');
        if (strncmp(line, "model name", 10) != 0 || !value)
            continue;
        value[strcspn(value, "\n")] = '\0';
        snprintf(text, size, "%.*s", (int)size - 1, value + 2);
        break;
    }
    if (file)
        fclose(file);
}

/* What the hypervisor calls itself, if there is one. */
static void read_hypervisor(char *text, size_t size)
{
    text[0] = '\0';
#if defined(__x86_64__) || defined(__i386__)
    unsigned a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & 1u << 31))
        return;
    unsigned name[3];
    __cpuid(0x40000000, a, name[0], name[1], name[2]);
    snprintf(text, size, "%.12s", (const char *)name);
    if (text[0] == '\0')
        snprintf(text, size, "unknown");
#else
    (void)size;
#endif
}

static void read_caches(struct lab_machine *machine)
{
    machine->cache_count = 0;
    for (unsigned i = 0; i < LAB_CACHES_MAX; i++) {
        struct lab_cache *cache = &machine->caches[machine->cache_count];
        char path[96];
        snprintf(path, sizeof path, CPU0 "cache/index%u", i);
        if (access(path, F_OK) != 0)
            return;
        snprintf(path, sizeof path, CPU0 "cache/index%u/level", i);
        read_line(cache->level, sizeof cache->level, path);
        snprintf(path, sizeof path, CPU0 "cache/index%u/type", i);
        read_line(cache->type, sizeof cache->type, path);
        snprintf(path, sizeof path, CPU0 "cache/index%u/size", i);
        read_line(cache->size, sizeof cache->size, path);
        snprintf(path, sizeof path, CPU0 "cache/index%u/shared_cpu_list", i);
        cache->shared_by = count_list(path);
        machine->cache_count++;
    }
}

/* futex_waitv(2) of no words is an error of the caller's where the call exists. */
static bool has_futex_waitv(void)
{
    return qsc_port_futex_wait_any(NULL, 0, NULL) == EINVAL;
}

bool lab_jiffies(uint64_t *all, uint64_t *stolen)
{
    FILE *file = fopen("/proc/stat", "re");
    unsigned long long part[8]; /* user, nice, system, idle, iowait, irq, softirq, steal */
    bool read = file && fscanf(file, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &part[0], &part[1],
                               &part[2], &part[3], &part[4], &part[5], &part[6], &part[7]) == 8;
    if (file)
        fclose(file);
    *all = *stolen = 0;
    for (int i = 0; read && i < 8; i++)
        *all += part[i];
    if (read)
        *stolen = part[7];
    return read;
}

void lab_machine_read(struct lab_machine *machine)
{
    struct utsname system;
    read_cpu(machine->cpu, sizeof machine->cpu);
    if (uname(&system) == 0)
        snprintf(machine->kernel, sizeof machine->kernel, "%.20s %.70s", system.sysname, system.release);
    else
        snprintf(machine->kernel, sizeof machine->kernel, "unknown");
    snprintf(machine->libc, sizeof machine->libc, "glibc %.20s", gnu_get_libc_version());
    read_hypervisor(machine->hypervisor, sizeof machine->hypervisor);
    machine->processors = (unsigned)qsc_port_processors();
    machine->threads_per_core = count_list(CPU0 "topology/thread_siblings_list");
    machine->numa_nodes = count_list("/sys/devices/system/node/online");
    read_caches(machine);
    read_line(machine->governor, sizeof machine->governor, CPU0 "cpufreq/scaling_governor");
    read_line(machine->clock_source, sizeof machine->clock_source,
              "/sys/devices/system/clocksource/clocksource0/current_clocksource");
    machine->membarrier = qsc_port_membarrier_register();
    machine->futex_waitv = has_futex_waitv();
    machine->pmu = exists("/sys/bus/event_source/devices/cpu*");
    machine->energy = exists("/sys/class/powercap/*/energy_uj");
    uint64_t all, stolen;
    machine->steal = lab_jiffies(&all, &stolen) && all > 0 ? (double)stolen / (double)all : -1;
}
