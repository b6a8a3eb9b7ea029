#include "actors/client/cluster/key_table.hpp"

#include "actors/client/user_call.hpp"
#include "runtime/config/closest.hpp"

#include <algorithm>

namespace barnabas::client {

error wrong_key(std::string why) {
    return {errc::invalid_config, std::move(why)};
}

error unknown_key(std::string_view kind, std::string_view given, std::span<const other_name> others,
                  const std::vector<std::string_view>& names) {
    const auto text = "no " + std::string(kind) + " key is named " + std::string(given);
    for (const auto& one : others)
        if (one.name == given)
            return wrong_key(text + "; " + std::string(one.instead));
    const auto meant = closest(given, names);
    return wrong_key(text + (meant ? "; did you mean " + std::string(*meant) + "?" : ""));
}

bool is_among(std::span<const key_row> rows, std::string_view name) {
    return std::any_of(rows.begin(), rows.end(), [&](const auto& row) { return row.key.name == name; });
}

void tell_unused_keys(const std::map<std::string, std::string>& given, bool (*is_used)(std::string_view),
                      const std::function<void(const std::vector<std::string>&)>& tell,
                      const std::function<void(const std::string&)>& on_trouble) {
    std::vector<std::string> unused;
    for (const auto& [name, value] : given)
        if (!value.empty() && !is_used(name))
            unused.push_back(name);
    if (!unused.empty() && tell)
        call_user("on_unused_keys", guarded_trouble(on_trouble), tell, unused);
}

result<key_values> read_key_values(std::span<const key_row> rows,
                                   const std::map<std::string, std::string>& properties) {
    key_values read;
    for (const auto& [key, type, check] : rows) {
        const auto given = properties.find(std::string(key.name));
        const auto text = given == properties.end() ? key.default_value : std::string_view(given->second);
        if (given == properties.end() && text.empty() && check.not_empty)
            return wrong_key(std::string(key.name) + " is missing: " + std::string(key.help));
        auto value = parse_config_value(type, check, text);
        if (!value)
            return wrong_key(std::string(key.name) + "=" + std::string(text) + ": " + value.failure().detail);
        read.emplace(key.name, std::move(*value));
    }
    return read;
}

std::int64_t nanoseconds_of(const key_values& read, std::string_view key) {
    return std::min(read.at(key).number, milliseconds_most) * nanoseconds_per_ms;
}

} // namespace barnabas::client
