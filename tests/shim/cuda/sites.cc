#include "sites.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <mutex>
#include <unistd.h>
#include <utility>
#include <vector>

extern "C" const char __executable_start;

namespace
{

const uint32_t IS_LINE = 1u << 31;

struct {
    std::mutex mutex;
    std::vector<std::pair<const char *, int>> lines;
    std::map<uint32_t, std::string> texts; // to ask addr2line takes long
} known;

std::string base_name(const std::string &path)
{
    return path.substr(path.rfind('/') + 1);
}

} // namespace

uint32_t site_of_address(const void *address)
{
    return static_cast<uint32_t>(static_cast<const char *>(address) - &__executable_start);
}

uint32_t site_of_line(const char *file, int line)
{
    std::lock_guard<std::mutex> guard(known.mutex);
    size_t i = 0;
    while (i < known.lines.size() && known.lines[i] != std::make_pair(file, line))
        i++;
    if (i == known.lines.size())
        known.lines.emplace_back(file, line);
    return IS_LINE | static_cast<uint32_t>(i);
}

static std::string ask_addr2line(uint32_t site)
{
    char command[96], text[512] = "";
    // One byte before the return address lies the call.
    snprintf(command, sizeof command, "addr2line -e /proc/%d/exe 0x%x 2>&1", getpid(), site - 1);
    FILE *output = popen(command, "r");
    if (output) {
        if (!fgets(text, sizeof text, output))
            text[0] = '\0';
        pclose(output);
    }
    std::string place = text;
    place.erase(std::min(place.size(), place.find_first_of(" \n")));
    if (place.empty() || place[0] == '?' || place.find(':') == std::string::npos) {
        snprintf(text, sizeof text, "+0x%x", site - 1);
        return text;
    }
    return base_name(place);
}

std::string site_text(uint32_t site)
{
    std::lock_guard<std::mutex> guard(known.mutex);
    if (site & IS_LINE) {
        const auto &line = known.lines[site & ~IS_LINE];
        return base_name(line.first) + ":" + std::to_string(line.second);
    }
    std::string &text = known.texts[site];
    if (text.empty())
        text = ask_addr2line(site);
    return text;
}
