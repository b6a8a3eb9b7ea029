#pragma once

#include "cmd/barnabas/json_text.hpp"

#include <string_view>

/// What Kafka's verifiable tools print: an event in a line of JSON, for programs that check what happened.
namespace barnabas {

/// {"timestamp":...,"name":...}, to be added to.
json_object verifiable_event(std::string_view name);

/// One line on standard output, at once. From any thread.
void print_event(const json_object& event);

} // namespace barnabas
