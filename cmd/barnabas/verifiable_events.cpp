#include "cmd/barnabas/verifiable_events.hpp"

#include <chrono>
#include <cstdio>
#include <string>

namespace barnabas {

json_object verifiable_event(std::string_view name) {
    using namespace std::chrono;
    const auto now = duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
    return json_object().add("timestamp", now).add("name", name);
}

void print_event(const json_object& event) {
    const auto line = event.text() + "\n";
    std::fputs(line.c_str(), stdout);
    std::fflush(stdout);
}

} // namespace barnabas
