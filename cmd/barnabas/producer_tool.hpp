#pragma once

#include "actors/client/application/record_producer.hpp"
#include "cmd/cli/options.hpp"
#include "protocol/model/error.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What the tools that send records share.
namespace barnabas {

using text_map = std::map<std::string, std::string>;

/// "key=value" of several options; a key without "=" has an empty value, as Kafka's tools take it.
result<text_map> parse_pairs(std::string_view option, const std::vector<std::string>& given);

/// Adds the keys of a properties file.
result<void> add_file(const std::string& path, text_map& to);

/// Names an option that has another name since Kafka 4.2.
void warn_of_old_name(const cli::parsed_options& options, std::string_view old_name,
                      std::string_view new_name);

/// A producer for a tool. Troubles with brokers go to standard error.
result<client::record_producer> connect_producer(const text_map& keys);

} // namespace barnabas
