#include "source.h"

#include <dlfcn.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

// Calls a tool of binutils for the running program. NULL where that is not to be had.
static FILE *ask(const char *tool, const char *arguments)
{
    char program[4096], command[4500];
    ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);
    if (n < 0)
        return NULL;
    program[n] = '\0';
    snprintf(command, sizeof command, "%s '%s' %s 2>/dev/null", tool, program, arguments);
    return popen(command, "r");
}

// Where an address stands in its object's file. False: in none.
static bool find_in_file(const void *address, uintptr_t *offset)
{
    Dl_info info;
    struct link_map *object;
    if (!dladdr1(address, &info, (void **)&object, RTLD_DL_LINKMAP))
        return false;
    *offset = (uintptr_t)address - object->l_addr;
    return true;
}

void qx_source_line(const void *site, char *text, size_t size)
{
    *text = '\0';
    uintptr_t offset;
    if (!site || !find_in_file(site, &offset))
        return;
    char arguments[64];
    snprintf(arguments, sizeof arguments, "-f -C -s 0x%lx", (unsigned long)offset - 1); // the call itself
    FILE *answer = ask("addr2line -e", arguments);
    if (!answer)
        return;
    char function[200] = "", line[200] = "";
    if (fgets(function, sizeof function, answer) && fgets(line, sizeof line, answer)) {
        function[strcspn(function, "\n")] = '\0';
        line[strcspn(line, " \n")] = '\0'; // behind it: a discriminator
        if (line[0] != '?')
            snprintf(text, size, "%s, %s", function, line);
    }
    pclose(answer);
}

void qx_source_variable(const void *address, char *text, size_t size)
{
    snprintf(text, size, "%p", address);
    uintptr_t offset;
    if (!find_in_file(address, &offset))
        return; // on the heap or a stack
    FILE *answer = ask("nm -S -C --defined-only", "");
    if (!answer)
        return;
    char line[500], kind, name[200];
    unsigned long start, length;
    while (fgets(line, sizeof line, answer)) {
        if (sscanf(line, "%lx %lx %c %199[^\n]", &start, &length, &kind, name) != 4 || offset < start ||
            offset >= start + length)
            continue;
        if (offset == start)
            snprintf(text, size, "%s", name);
        else
            snprintf(text, size, "%s+%lu", name, offset - start);
    }
    pclose(answer);
}

static int first_object(struct dl_phdr_info *info, size_t size, void *base)
{
    (void)size;
    *(uintptr_t *)base = info->dlpi_addr;
    return 1;
}

void qx_source_calls(void (*visit)(const void *site, const char *name))
{
    uintptr_t base = 0;
    dl_iterate_phdr(first_object, &base); // the program's
    FILE *answer = ask("objdump -d --no-show-raw-insn", "");
    if (!answer)
        return;
    char line[1000], name[200] = "";
    while (fgets(line, sizeof line, answer)) {
        unsigned long at;
        if (*name && sscanf(line, " %lx:", &at) == 1)
            visit((const void *)(base + at), name);
        const char *call = strstr(line, "call"), *callee = strstr(line, "<__tsan_");
        *name = '\0';
        if (call && callee)
            sscanf(callee, "<%199[a-z0-9_]", name);
    }
    pclose(answer);
}
