#include "exit.h"

#include "access.h"
#include "checkpoint.h"
#include "machine.h"
#include "memory.h"
#include "real.h"
#include "search.h"
#include "shadow.h"
#include "state.h"

#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SITE __builtin_return_address(0)

struct handler {
    void (*run)(void *);
    void (*run_with)(int status, void *); // in its place
    void *argument;
};

struct list {
    struct handler *handler; // the last is the first to run
    int count, capacity;
};

enum { AT_EXIT, AT_QUICK_EXIT, LISTS };

// While there is one thread, the order in which handlers are noted is that of the program. Afterwards it is
// that in which the threads pass a lock, which is a location like any other.
static struct {
    struct list before_main[LISTS], alone[LISTS], together[LISTS];
    bool noted_together;
    uint32_t lock;
} ending;

static void add(struct list *list, struct handler handler)
{
    list->handler = qx_room(list->handler, &list->capacity, list->count + 1, sizeof *list->handler);
    list->handler[list->count++] = handler;
}

void qx_exit_begin(void)
{
    for (int which = 0; which < LISTS; which++) {
        ending.alone[which].count = ending.together[which].count = 0;
        for (int i = 0; i < ending.before_main[which].count; i++)
            add(&ending.alone[which], ending.before_main[which].handler[i]);
    }
    ending.noted_together = false;
    ending.lock = 0;
}

static void keep(struct list *list)
{
    qx_keep(&list->count, sizeof list->count);
    qx_keep(list->handler, (size_t)list->count * sizeof *list->handler);
}

void qx_exit_keep(void)
{
    for (int which = 0; which < LISTS; which++) {
        keep(&ending.alone[which]);
        keep(&ending.together[which]);
    }
    qx_keep(&ending.noted_together, sizeof ending.noted_together);
    qx_keep(&ending.lock, sizeof ending.lock);
}

static void pass_lock(int order, const void *site)
{
    qx_load(&ending.lock, (struct qx_event){.size = sizeof ending.lock,
                                            .order = (uint8_t)order,
                                            .rmw = {.op = QX_ADD, .operand = 1, .order = (uint8_t)order},
                                            .site = site});
}

static void note(int which, struct handler handler, const void *site)
{
    if (!qx_exploring()) {
        add(&ending.before_main[which], handler);
    } else if (qx_divided()) {
        pass_lock(QX_RELEASE, site);
        ending.noted_together = true;
        add(&ending.together[which], handler);
    } else {
        add(&ending.alone[which], handler);
    }
}

// Is the lock to be passed for the next handler? Where the graph knows what comes next, it knows.
static bool passes_lock(void)
{
    int next = qx_self()->next;
    if (next == QX_NONE)
        return ending.noted_together;
    return qx_search_graph()->event[next].location ==
           qx_shadow_location((uintptr_t)&ending.lock, sizeof ending.lock);
}

static bool take_last(int which, struct handler *handler, const void *site)
{
    struct list *list = &ending.alone[which];
    if (passes_lock()) {
        pass_lock(QX_ACQUIRE, site);
        if (ending.together[which].count > 0)
            list = &ending.together[which];
    }
    if (list->count == 0)
        return false;
    *handler = list->handler[--list->count];
    return true;
}

static void run_handlers(int which, int status, const void *site)
{
    struct handler handler;
    while (take_last(which, &handler, site)) {
        if (handler.run_with)
            handler.run_with(status, handler.argument);
        else
            handler.run(handler.argument);
    }
}

void qx_exit(int status, const void *site)
{
    qx_destroy_variables();
    run_handlers(AT_EXIT, status, site);
    qx_finish();
}

void exit(int status)
{
    if (qx_exploring())
        qx_exit(status, SITE);
    QX_REAL(exit)(status);
    __builtin_unreachable();
}

void quick_exit(int status)
{
    if (qx_exploring()) {
        run_handlers(AT_QUICK_EXIT, status, SITE);
        qx_finish();
    }
    QX_REAL(quick_exit)(status);
    __builtin_unreachable();
}

void _exit(int status)
{
    if (qx_exploring())
        qx_finish();
    QX_REAL(_exit)(status);
    __builtin_unreachable();
}

void _Exit(int status) __attribute__((alias("_exit")));

// By the names that atexit, at_quick_exit and C++ compilers use. Those of libraries stay with the C library,
// and so does the destructor of a global that a library has both made and destroys: what it keeps for that is
// not put back between executions.
int __cxa_atexit(void (*run)(void *), void *argument, void *library);
int __cxa_atexit(void (*run)(void *), void *argument, void *library)
{
    bool of_program =
        (!library || qx_state_holds(library)) && (qx_exploring() || qx_state_holds((void *)(uintptr_t)run));
    if (!of_program)
        return QX_REAL(__cxa_atexit)(run, argument, library);
    note(AT_EXIT, (struct handler){.run = run, .argument = argument}, SITE);
    return 0;
}

int __cxa_at_quick_exit(void (*run)(void *), void *library);
int __cxa_at_quick_exit(void (*run)(void *), void *library)
{
    if (library && !qx_state_holds(library))
        return QX_REAL(__cxa_at_quick_exit)(run, library);
    note(AT_QUICK_EXIT, (struct handler){.run = run}, SITE);
    return 0;
}

int on_exit(void (*run)(int status, void *argument), void *argument)
{
    note(AT_EXIT, (struct handler){.run_with = run, .argument = argument}, SITE);
    return 0;
}

// The compiler's own function among a program's destructors calls it: there is nothing left to be done.
void __cxa_finalize(void *library);
void __cxa_finalize(void *library)
{
    if (!qx_exploring())
        QX_REAL(__cxa_finalize)(library);
}

static void do_nothing(void)
{
}

// The first object is the program: its functions in .fini_array are as if noted before all others.
static int take_over(struct dl_phdr_info *info, size_t size, void *unused)
{
    (void)size, (void)unused;
    uintptr_t array = 0, bytes = 0;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        if (info->dlpi_phdr[i].p_type != PT_DYNAMIC)
            continue;
        const ElfW(Dyn) *entry = (const ElfW(Dyn) *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
        for (; entry->d_tag != DT_NULL; entry++) {
            if (entry->d_tag == DT_FINI_ARRAY)
                array = info->dlpi_addr + entry->d_un.d_ptr;
            if (entry->d_tag == DT_FINI_ARRAYSZ)
                bytes = entry->d_un.d_val;
        }
    }
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), start = array / page * page;
    if (bytes == 0 || mprotect((void *)start, array + bytes - start, PROT_READ | PROT_WRITE) != 0)
        return 1;
    void (**function)(void) = (void (**)(void))array;
    struct list noted = ending.before_main[AT_EXIT];
    ending.before_main[AT_EXIT] = (struct list){0};
    for (size_t i = 0; i < bytes / sizeof *function; i++) {
        add(&ending.before_main[AT_EXIT], (struct handler){.run = (void (*)(void *))function[i]});
        function[i] = do_nothing; // at the end of the process all has been done
    }
    for (int i = 0; i < noted.count; i++)
        add(&ending.before_main[AT_EXIT], noted.handler[i]);
    return 1;
}

void qx_exit_take_over(void)
{
    dl_iterate_phdr(take_over, NULL);
}
