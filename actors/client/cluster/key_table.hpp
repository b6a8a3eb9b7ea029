#pragma once

#include "actors/client/cluster/settings.hpp"
#include "runtime/config/config_value.hpp"

#include <array>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// How the keys of clients, producers and consumers are written down and read.
namespace barnabas::client {

inline constexpr std::int64_t int32_most = std::numeric_limits<std::int32_t>::max();
inline constexpr std::int64_t int64_most = std::numeric_limits<std::int64_t>::max();
/// Above this, nanoseconds would overflow; nobody waits for a century.
inline constexpr std::int64_t milliseconds_most = 3'155'760'000'000;
inline constexpr std::int64_t nanoseconds_per_ms = 1'000'000;

struct key_row {
    client_key key;
    config_type type;
    value_check check;
};
/// A name that others use, and what to say to those who use it here.
struct other_name {
    std::string_view name;
    std::string_view instead;
};
using key_values = std::map<std::string_view, config_value>;

template <std::size_t Count>
constexpr std::array<client_key, Count> keys_of(const std::array<key_row, Count>& rows) {
    std::array<client_key, Count> made{};
    for (std::size_t i = 0; i < Count; ++i)
        made[i] = rows[i].key;
    return made;
}

error wrong_key(std::string why);
/// "no `kind` key is named ...": with what others call so, or the nearest of the names.
error unknown_key(std::string_view kind, std::string_view given, std::span<const other_name> others,
                  const std::vector<std::string_view>& names);
/// What librdkafka and older tools call the keys that all clients have, and what no client here can do.
std::span<const other_name> other_names_of_clients();
/// One of Kafka's Java clients (producer, consumer, admin) has it: property files are shared, so a client
/// that does not have it passes it over.
bool is_key_of_kafka(std::string_view name);
/// What changes something for an admin client, a producer, a consumer.
bool is_used_by_clients(std::string_view name);
bool is_used_by_producers(std::string_view name);
bool is_used_by_consumers(std::string_view name);
/// Names those of the given keys that are passed over, if there are any; an empty value says nothing. `tell`
/// may be empty; what it throws ends here, and `on_trouble` hears of it.
void tell_unused_keys(const std::map<std::string, std::string>& given, bool (*is_used)(std::string_view),
                      const std::function<void(const std::vector<std::string>&)>& tell,
                      const std::function<void(const std::string&)>& on_trouble);
/// To pass over what asks for TLS or SASL would send in the clear what must not be. Codes: invalid_config.
result<void> check_security(const std::map<std::string, std::string>& properties);
bool is_among(std::span<const key_row> rows, std::string_view name);
/// A value for each row, the default where none is given. Codes: invalid_config; the detail names the key.
result<key_values> read_key_values(std::span<const key_row> rows,
                                   const std::map<std::string, std::string>& properties);
/// Of a key in milliseconds.
std::int64_t nanoseconds_of(const key_values& read, std::string_view key);

} // namespace barnabas::client
