#include "cmd/barnabas/commands.hpp"

#include <cstdio>

namespace barnabas {

const cli::command& version_command() {
    static const cli::command command = {"version", "Prints the version of this program.", {}};
    return command;
}

int run_version(const cli::parsed_options&) {
    std::printf("%s %s\n", program_name, BARNABAS_VERSION);
    return 0;
}

} // namespace barnabas
