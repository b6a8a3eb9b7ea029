#pragma once

#include "runtime/config/broker_config.hpp"

#include <map>
#include <string>
#include <string_view>

/// What clients alter of a broker while it runs, besides the defaults of topics. Which keys, and the bounds
/// of their values, stand in the keys' rows.
namespace barnabas {

struct broker_key;

/// The broker goes by another value of this key from now on, or by none: threads of Kafka's that it has not.
bool is_changed_while_running(std::string_view broker_key);
/// Why this key of brokers cannot be altered while one runs; what to do, where there is something.
std::string why_not_while_running(std::string_view broker_key);

/// What a client may alter this key to; the error's detail is Kafka's reason.
result<config_value> parse_altered(const broker_key& key, std::string_view text);

/// Takes over what clients have altered. Fields of keys that the broker reads again follow; those that have
/// no value any more are as in the file again.
void take_altered(broker_config& altered, const broker_config& file,
                  std::map<std::string, std::string> for_all, std::map<std::string, std::string> here);

} // namespace barnabas
