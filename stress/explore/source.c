#include "source.h"

#include "memory.h"
#include "tool.h"

#include <dlfcn.h>
#include <link.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct variable {
    uintptr_t start, end; // as the object's file has them
    int name;             // where it begins in the names
};

// The program, or a library of it, and what was asked about it so far.
struct object {
    const struct link_map *map;
    struct qx_tool addr2line;
    bool has_no_lines, has_variables; // addr2line failed; nm was asked
    struct variable *variable;        // in the order of their addresses
    int variables, variable_capacity;
    char *names;
    int names_size, names_capacity;
};

// What was asked once is not asked again: each access of the source is met many times.
struct line {
    const void *site;
    char text[304];
};

static struct {
    struct object **object; // each stays where it is
    int objects, object_capacity;
    struct line *line;
    int lines, line_capacity;
} known;

static struct object *object_at(const void *address)
{
    Dl_info info;
    struct link_map *map = NULL;
    if (!dladdr1(address, &info, (void **)&map, RTLD_DL_LINKMAP) || !map)
        return NULL; // on the heap or a stack
    for (int i = 0; i < known.objects; i++) {
        if (known.object[i]->map == map)
            return known.object[i];
    }
    known.object = qx_room(known.object, &known.object_capacity, known.objects + 1, sizeof(struct object *));
    struct object *o = known.object[known.objects++] = qx_grow(NULL, 0, sizeof *o);
    *o = (struct object){.map = map};
    return o;
}

static const char *program_file(void)
{
    static char file[4096];
    ssize_t n = readlink("/proc/self/exe", file, sizeof file - 1);
    file[n < 0 ? 0 : n] = '\0';
    return file;
}

// The program's own map has no name.
static const char *file_of(const struct object *o)
{
    return *o->map->l_name ? o->map->l_name : program_file();
}

// One process answers all questions about an object: it reads the debugging information once.
static bool ask_for_line(struct object *o, uintptr_t address, char *text, size_t size)
{
    const char *const arguments[] = {"addr2line", "-f", "-C", "-s", "-e", file_of(o), NULL};
    char question[40], function[200], line[100];
    if (o->addr2line.pid == 0 && !qx_tool_start(&o->addr2line, arguments))
        return false;
    snprintf(question, sizeof question, "0x%lx\n", (unsigned long)address);
    if (!qx_tool_ask(&o->addr2line, question) || !qx_tool_line(&o->addr2line, function, sizeof function) ||
        !qx_tool_line(&o->addr2line, line, sizeof line)) {
        qx_tool_end(&o->addr2line);
        return false;
    }
    line[strcspn(line, " ")] = '\0'; // behind it: a discriminator
    if (line[0] != '?')
        snprintf(text, size, "%s, %s", function, line);
    return true;
}

static struct line *line_at(const void *site)
{
    for (int i = 0; i < known.lines; i++) {
        if (known.line[i].site == site)
            return &known.line[i];
    }
    return NULL;
}

static struct line *new_line(const void *site)
{
    known.line = qx_room(known.line, &known.line_capacity, known.lines + 1, sizeof *known.line);
    struct line *line = &known.line[known.lines++];
    struct object *o = object_at(site);
    uintptr_t call = (uintptr_t)site - 1; // in the call, not behind it
    *line = (struct line){.site = site};
    if (o && !o->has_no_lines)
        o->has_no_lines = !ask_for_line(o, call - o->map->l_addr, line->text, sizeof line->text);
    return line;
}

void qx_source_line(const void *site, char *text, size_t size)
{
    *text = '\0';
    if (!site)
        return;
    const struct line *line = line_at(site);
    if (!line)
        line = new_line(site);
    snprintf(text, size, "%s", line->text);
}

static void add_variable(struct object *o, uintptr_t start, uintptr_t end, const char *name)
{
    int length = (int)strlen(name) + 1;
    o->variable = qx_room(o->variable, &o->variable_capacity, o->variables + 1, sizeof *o->variable);
    o->names = qx_room(o->names, &o->names_capacity, o->names_size + length, 1);
    o->variable[o->variables++] = (struct variable){start, end, o->names_size};
    memcpy(o->names + o->names_size, name, (size_t)length);
    o->names_size += length;
}

static void read_variables(struct object *o)
{
    const char *const arguments[] = {"nm", "-S", "-n", "-C", "--defined-only", file_of(o), NULL};
    struct qx_tool nm;
    o->has_variables = true;
    if (!qx_tool_start(&nm, arguments))
        return;
    char line[300], kind, name[200];
    unsigned long start, length;
    while (qx_tool_line(&nm, line, sizeof line)) {
        bool named = sscanf(line, "%lx %lx %c %199[^\n]", &start, &length, &kind, name) == 4;
        if (named && !strchr("tTwWiI", kind)) // functions
            add_variable(o, start, start + length, name);
    }
    qx_tool_end(&nm);
}

// The last one that begins at or before the address.
static const struct variable *variable_at(const struct object *o, uintptr_t address)
{
    int low = 0, high = o->variables;
    while (low < high) {
        int middle = (low + high) / 2;
        if (o->variable[middle].start <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 && address < o->variable[low - 1].end ? &o->variable[low - 1] : NULL;
}

void qx_source_variable(const void *address, char *text, size_t size)
{
    snprintf(text, size, "%p", address);
    struct object *o = object_at(address);
    if (!o)
        return;
    if (!o->has_variables)
        read_variables(o);
    uintptr_t at = (uintptr_t)address - o->map->l_addr;
    const struct variable *v = variable_at(o, at);
    if (v && at == v->start)
        snprintf(text, size, "%s", o->names + v->name);
    else if (v)
        snprintf(text, size, "%s+%lu", o->names + v->name, (unsigned long)(at - v->start));
}

static int first_object(struct dl_phdr_info *info, size_t size, void *base)
{
    (void)size;
    *(uintptr_t *)base = info->dlpi_addr;
    return 1;
}

// An exchange with memory is locked whether it says so or not.
static bool is_atomic(const char *instruction)
{
    static const char *const names[] = {"lock", "mfence", "lfence", "sfence"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (strncmp(instruction, names[i], strlen(names[i])) == 0)
            return true;
    }
    return strncmp(instruction, "xchg", 4) == 0 && strchr(instruction, '(');
}

void qx_source_code(void (*called)(const void *site, const char *name), void (*unseen)(const void *site))
{
    const char *const arguments[] = {"objdump", "-d", "--no-show-raw-insn", program_file(), NULL};
    struct qx_tool objdump;
    uintptr_t base = 0;
    dl_iterate_phdr(first_object, &base); // the program's
    if (!qx_tool_start(&objdump, arguments))
        return;
    char line[1000], name[200] = "";
    bool atomic = false;
    while (qx_tool_line(&objdump, line, sizeof line)) {
        unsigned long at;
        const char *instruction = strchr(line, '\t');
        if (!instruction || sscanf(line, " %lx:", &at) != 1)
            continue;
        const void *site = (const void *)(base + at); // behind the instruction before
        if (*name)
            called(site, name);
        if (atomic)
            unseen(site);
        const char *call = strstr(line, "call"), *callee = strstr(line, "<__tsan_");
        *name = '\0';
        if (call && callee)
            sscanf(callee, "<%199[a-z0-9_]", name);
        atomic = is_atomic(instruction + 1);
    }
    qx_tool_end(&objdump);
}

void qx_source_rest(void)
{
    for (int i = 0; i < known.objects; i++)
        qx_tool_end(&known.object[i]->addr2line);
}
