#include "protocol/model/topic_name.hpp"

#include <algorithm>
#include <string>

namespace barnabas {

namespace {

/// Kafka's bound; a name and the longest partition number still make a directory name that file systems take.
constexpr std::size_t name_bytes_max = 249;

bool may_be_in_name(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
}

error invalid(std::string why) {
    return {errc::invalid_topic, std::move(why)};
}

} // namespace

std::optional<error> topic_name_fault(std::string_view name) {
    if (name.empty())
        return invalid("the topic name is empty");
    if (name == "." || name == "..")
        return invalid("a topic cannot be named '.' or '..'");
    if (name.size() > name_bytes_max)
        return invalid("the topic name has " + std::to_string(name.size()) + " characters, at most " +
                       std::to_string(name_bytes_max) + " are allowed");
    if (!std::all_of(name.begin(), name.end(), may_be_in_name))
        return invalid("the topic name holds a character other than letters, digits, '.', '_' and '-'");
    return std::nullopt;
}

} // namespace barnabas
