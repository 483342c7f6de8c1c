#include "imports.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <stddef.h>
#include <string.h>

// Functions of libraries that depend on their arguments alone, or whose state nobody reads back; variables
// that nobody writes.
static const char stateless[] =
    " __assert_fail __assert_perror_fail __ctype_b_loc __ctype_tolower_loc __ctype_toupper_loc "
    "__cxa_pure_virtual __cxa_throw_bad_array_new_length __environ __errno_location __fprintf_chk "
    "__gmon_start__ __gxx_personality_v0 __isoc99_sscanf __libc_single_threaded __memcpy_chk "
    "__memmove_chk __memset_chk __printf_chk __sched_cpucount __snprintf_chk __sprintf_chk "
    "__stack_chk_fail __strcat_chk __strcpy_chk __strncpy_chk __tls_get_addr __vfprintf_chk "
    "__vsnprintf_chk _Unwind_Resume abs atoi atol atoll bcmp bsearch compat_futex_async div environ "
    "fflush fprintf fputc fputs fwrite getenv getpid gettid labs ldiv llabs memchr memcmp memcpy memmem "
    "memmove mempcpy memrchr memset perror printf pthread_setaffinity_np pthread_sigmask putc putchar "
    "puts qsort sched_getaffinity sched_getcpu sigaddset sigdelset sigemptyset sigfillset sigismember "
    "snprintf sprintf sscanf stderr stdin stdout stpcpy strcasecmp strcat strchr strchrnul strcmp "
    "strcpy strcspn strerror strlen strncasecmp strncat strncmp strncpy strnlen strpbrk strrchr strspn "
    "strstr strtod strtof strtol strtoll strtoul strtoull sysconf tolower toupper urcu_memb_gp vfprintf "
    "vprintf vsnprintf vsprintf ";

// Families of them: operators new and delete, what std throws for others, threads, trees, tables of types and
// of virtual functions of C++.
static const char *const families[] = {"_Znw",
                                       "_Zna",
                                       "_Zdl",
                                       "_Zda",
                                       "_ZSt9terminatev",
                                       "_ZSt17__throw_",
                                       "_ZSt19__throw_",
                                       "_ZSt20__throw_",
                                       "_ZSt24__throw_",
                                       "_ZSt25__throw_",
                                       "_ZSt28__throw_",
                                       "_ZNSt6thread",
                                       "_ZSt18_Rb_tree",
                                       "_ZSt28_Rb_tree",
                                       "_ZSt29_Rb_tree",
                                       "_ZSt7nothrow",
                                       "_ZTI",
                                       "_ZTV"};

static bool is_stateless(const char *name)
{
    size_t length = strlen(name);
    for (const char *at = strstr(stateless, name); at; at = strstr(at + 1, name)) {
        if (at[-1] == ' ' && at[length] == ' ')
            return true;
    }
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        if (strncmp(families[i], name, strlen(families[i])) == 0)
            return true;
    }
    return false;
}

// The explorer stands in its place, or it is a known one.
static bool keeps_nothing(const char *name)
{
    Dl_info own, its;
    void *import = dlsym(RTLD_DEFAULT, name);
    if (!import)
        return true; // a weak one that nobody has
    bool ours = dladdr((void *)(uintptr_t)qx_imports_keep_nothing, &own) && dladdr(import, &its) &&
                own.dli_fbase == its.dli_fbase;
    return ours || is_stateless(name);
}

struct relocations {
    const Elf64_Rela *first;
    size_t bytes;
};

static bool all_keep_nothing(struct relocations r, const Elf64_Sym *symbols, const char *names)
{
    for (size_t i = 0; i < r.bytes / sizeof *r.first; i++) {
        const Elf64_Sym *symbol = &symbols[ELF64_R_SYM(r.first[i].r_info)];
        bool imported = ELF64_R_SYM(r.first[i].r_info) && symbol->st_shndx == SHN_UNDEF;
        if (imported && !keeps_nothing(names + symbol->st_name))
            return false;
    }
    return true;
}

// The first object is the program.
static int look(struct dl_phdr_info *info, size_t size, void *result)
{
    (void)size;
    struct relocations calls = {0}, data = {0};
    const Elf64_Sym *symbols = NULL;
    const char *names = NULL;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        if (info->dlpi_phdr[i].p_type != PT_DYNAMIC)
            continue;
        const Elf64_Dyn *entry = (const Elf64_Dyn *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
        for (; entry->d_tag != DT_NULL; entry++) { // the loader has made addresses of them
            switch (entry->d_tag) {
            case DT_JMPREL:
                calls.first = (const Elf64_Rela *)entry->d_un.d_ptr;
                break;
            case DT_PLTRELSZ:
                calls.bytes = entry->d_un.d_val;
                break;
            case DT_RELA:
                data.first = (const Elf64_Rela *)entry->d_un.d_ptr;
                break;
            case DT_RELASZ:
                data.bytes = entry->d_un.d_val;
                break;
            case DT_SYMTAB:
                symbols = (const Elf64_Sym *)entry->d_un.d_ptr;
                break;
            case DT_STRTAB:
                names = (const char *)entry->d_un.d_ptr;
                break;
            }
        }
    }
    *(bool *)result =
        symbols && names && all_keep_nothing(calls, symbols, names) && all_keep_nothing(data, symbols, names);
    return 1;
}

bool qx_imports_keep_nothing(void)
{
    bool result = false;
    dl_iterate_phdr(look, &result);
    return result;
}
