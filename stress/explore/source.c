#include "source.h"

#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void qx_source_line(const void *site, char *text, size_t size)
{
    *text = '\0';
    Dl_info info;
    if (!site || !dladdr(site, &info))
        return;
    char program[4096];
    ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);
    if (n < 0)
        return;
    program[n] = '\0';
    uintptr_t offset = (uintptr_t)site - (uintptr_t)info.dli_fbase - 1; // in the call, not behind it
    char command[4500];
    snprintf(command, sizeof command, "addr2line -e '%s' -f -C -s 0x%lx 2>/dev/null", program,
             (unsigned long)offset);
    FILE *answer = popen(command, "r");
    if (!answer)
        return;
    char function[200] = "", line[200] = "";
    if (fgets(function, sizeof function, answer) && fgets(line, sizeof line, answer)) {
        function[strcspn(function, "\n")] = '\0';
        line[strcspn(line, "\n")] = '\0';
        if (line[0] != '?')
            snprintf(text, size, "%s, %s", function, line);
    }
    pclose(answer);
}
