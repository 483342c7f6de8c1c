#include "findings.h"

#include "shim.h"

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <mutex>

namespace
{

struct {
    std::mutex mutex;
    bool collect;
    char first[1024]; // empty: none
} findings;

} // namespace

void shim_found(const char *format, ...)
{
    std::lock_guard<std::mutex> guard(findings.mutex);
    char text[sizeof findings.first];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (!findings.collect) {
        fprintf(stderr, "CUDA shim: %s\n", text);
        abort();
    }
    if (!findings.first[0])
        snprintf(findings.first, sizeof findings.first, "%s", text);
}

void shim_findings_begin(void)
{
    std::lock_guard<std::mutex> guard(findings.mutex);
    findings.collect = false;
    findings.first[0] = '\0';
}

void qsc_shim_collect(void)
{
    std::lock_guard<std::mutex> guard(findings.mutex);
    findings.collect = true;
}

const char *qsc_shim_finding(void)
{
    std::lock_guard<std::mutex> guard(findings.mutex);
    return findings.first[0] ? findings.first : nullptr;
}
