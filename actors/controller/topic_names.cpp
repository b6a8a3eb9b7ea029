#include "actors/controller/topic_names.hpp"

#include "actors/controller/limits.hpp"

#include <algorithm>

namespace barnabas {

namespace {

bool may_be_in_name(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
}

error invalid(std::string why) {
    return {errc::invalid_topic, std::move(why)};
}

} // namespace

result<void> check_topic_name(std::string_view name) {
    if (name.empty())
        return invalid("the topic name is empty");
    if (name == "." || name == "..")
        return invalid("a topic cannot be named '" + std::string(name) + "'");
    if (name.size() > controller_limits::topic_name_bytes_max)
        return invalid("the topic name has " + std::to_string(name.size()) + " characters, at most " +
                       std::to_string(controller_limits::topic_name_bytes_max) + " are allowed");
    // The name is not repeated in the message: it may hold anything.
    if (!std::all_of(name.begin(), name.end(), may_be_in_name))
        return invalid("the topic name holds a character other than letters, digits, '.', '_' and '-'");
    if (name == metadata_topic_name)
        return invalid("'" + std::string(name) + "' is the cluster's own metadata log");
    return {};
}

std::string collision_key(std::string_view name) {
    std::string key(name);
    std::replace(key.begin(), key.end(), '.', '_');
    return key;
}

} // namespace barnabas
