#include <quiesce/kernels/cpu/amx.h>

#include <criterion/criterion.h>
#include <quiesce/kernels/cpu/bf16.h>
#include <quiesce/kernels/cpu/int8.h>

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

// Linux does not grant tiles to everybody: another unit computes then, and the same.
static int work_without_permission(void)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_arch_prctl, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof code / sizeof code[0], code};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
        return 77;
    return strcmp(qsc_int8_unit()->name, "amx-int8") == 0 || strcmp(qsc_bf16_unit()->name, "amx") == 0;
}

Test(amx, without_permission_another_unit_computes)
{
    fflush(NULL);
    pid_t child = fork();
    cr_assert(child >= 0);
    if (child == 0)
        _exit(work_without_permission());
    int status;
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77)
        cr_skip_test("seccomp(2) is not to be had");
    cr_assert_eq(WEXITSTATUS(status), 0);
}
