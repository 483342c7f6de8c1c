/* Places in the program, in one word each. */
#ifndef QSC_SHIM_CUDA_SITES_H
#define QSC_SHIM_CUDA_SITES_H

#include <cstdint>
#include <string>

/* Of a return address. */
uint32_t site_of_address(const void *address);

/* Of a line; the name of the file has to last. */
uint32_t site_of_line(const char *file, int line);

/* As file:line, if addr2line finds it. */
std::string site_text(uint32_t site);

#endif
