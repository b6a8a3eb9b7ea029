#pragma once

#include "actors/client/application/record_producer.hpp"
#include "cmd/cli/options.hpp"
#include "protocol/model/error.hpp"

#include <chrono>
#include <cstdint>
#include <initializer_list>
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

/// Adds what options with these names give to a producer's keys: first the files, then the pairs; what comes
/// later wins, and keys that nobody knows are told and left out.
result<void> add_given_keys(const cli::parsed_options& options, std::initializer_list<const char*> files,
                            std::initializer_list<const char*> pairs, text_map& to);

/// For lines that come in bulk: batches of 256 KiB, if nobody wished for another size and the topic takes
/// them. Only so many are on their way at once, so that small ones wait for the broker most of the time.
void choose_batch_size(const std::string& topic, text_map& keys);

/// The line of JSON for a record that was written, or why it was not.
std::string report_json(const client::delivery_report& report);

/// Waits when more was sent than a throughput allows.
class throttle {
public:
    /// Below 0: never.
    explicit throttle(std::int64_t per_second) : per_second_(per_second), since_(clock::now()) {}

    void wait(std::int64_t sent) const;
    /// No longer than that; false: that was not long enough.
    bool wait(std::int64_t sent, std::chrono::milliseconds most) const;

private:
    using clock = std::chrono::steady_clock;
    clock::time_point due(std::int64_t sent) const;

    std::int64_t per_second_;
    clock::time_point since_;
};

/// A producer for a tool. Troubles with brokers go to standard error.
result<client::record_producer> connect_producer(const text_map& keys);

} // namespace barnabas
