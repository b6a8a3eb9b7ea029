#include "cmd/barnabas/output_status.hpp"

#include "cmd/barnabas/commands.hpp"

#include <cstdio>

namespace barnabas {

int status_after_output(int status) {
    if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0)
        return status;
    std::fprintf(stderr, "%s: standard output cannot be written\n", program_name);
    return status == 0 ? 1 : status;
}

} // namespace barnabas
