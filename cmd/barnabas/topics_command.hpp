#pragma once

#include "actors/client/admin/admin_types.hpp"
#include "actors/client/application/cluster_admin.hpp"
#include "cmd/barnabas/tools/kafka_tool.hpp"
#include "cmd/cli/options.hpp"
#include "protocol/model/error.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

/// Parts of `barnabas topics`, which is Kafka's kafka-topics.sh.
namespace barnabas::topics {

/// Which topics, partitions and lines --describe shows.
struct description_filter {
    bool only_overrides = false;
    bool only_under_replicated = false;
    bool only_unavailable = false;
    bool only_under_min_isr = false;
    bool only_at_min_isr = false;

    /// Without a wish for certain partitions the topics themselves are shown.
    bool shows_topics() const {
        return !only_under_replicated && !only_unavailable && !only_under_min_isr && !only_at_min_isr;
    }
    bool shows_partitions() const { return !only_overrides; }
};

struct shown_topic {
    client::topic_description what;
    std::vector<client::config_entry> configs;
};

/// "1:2:3,2:3:1": partitions by commas, replicas by colons. The errors are Kafka's.
result<std::map<std::int32_t, std::vector<std::int32_t>>> parse_replica_assignment(std::string_view text);
/// "key=value" of several --config.
result<std::map<std::string, std::string>> parse_topic_configs(const std::vector<std::string>& given);

/// Kafka's text, byte by byte; `live` are the brokers that are there.
std::string described_as_text(const std::vector<shown_topic>& topics, const description_filter& filter,
                              const std::set<std::int32_t>& live);
/// {"topics":[...]}.
std::string described_as_json(const std::vector<shown_topic>& topics, const description_filter& filter,
                              const std::set<std::int32_t>& live);

/// What the action prints on standard output, without a newline at its end when it is empty. The failure's
/// detail is what Kafka's tool says behind "Error while executing topic command : ".
result<std::string> create(const client::admin& calls, const cli::parsed_options& options);
result<std::string> list(const client::admin& calls, const cli::parsed_options& options);
result<std::string> describe(const client::admin& calls, const cli::parsed_options& options);
result<std::string> alter(const client::admin& calls, const cli::parsed_options& options);
result<std::string> remove(const client::admin& calls, const cli::parsed_options& options);

using tools::wants_json;

} // namespace barnabas::topics
