#include "actors/broker/moving/moving_names.hpp"

#include <algorithm>
#include <string_view>

namespace barnabas {

namespace {

constexpr std::string_view future_suffix = "-future";
constexpr std::string_view discarded_suffix = "-delete";

bool is_hex(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

} // namespace

std::string to_string(const moving_name& name) {
    const auto suffix = name.kind == moving_kind::future ? future_suffix : discarded_suffix;
    return name.partition_directory + "." + name.unique_id + std::string(suffix);
}

std::optional<moving_name> parse_moving_name(const std::string& name) {
    static_assert(future_suffix.size() == discarded_suffix.size());
    constexpr auto tail = 1 + unique_id_digits + future_suffix.size();
    const bool future = name.ends_with(future_suffix);
    if (name.size() <= tail || (!future && !name.ends_with(discarded_suffix)))
        return std::nullopt;
    const auto dot = name.size() - tail;
    const auto id = name.substr(dot + 1, unique_id_digits);
    if (name[dot] != '.' || !std::all_of(id.begin(), id.end(), is_hex))
        return std::nullopt;
    return moving_name{name.substr(0, dot), id, future ? moving_kind::future : moving_kind::discarded};
}

} // namespace barnabas
