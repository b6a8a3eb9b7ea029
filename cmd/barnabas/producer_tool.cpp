#include "cmd/barnabas/producer_tool.hpp"

#include "cmd/barnabas/cluster_tool.hpp"
#include "cmd/barnabas/json_text.hpp"
#include "cmd/barnabas/tools/kafka_tool.hpp"

#include <algorithm>
#include <cstdio>
#include <thread>

namespace barnabas {

result<text_map> parse_pairs(std::string_view option, const std::vector<std::string>& given) {
    text_map pairs;
    for (const auto& one : given) {
        const auto sign = one.find('=');
        if (sign == 0 || one.empty())
            return error{errc::invalid_request,
                         "--" + std::string(option) + " " + one + ": expected is KEY=VALUE"};
        pairs[one.substr(0, sign)] = sign == std::string::npos ? "" : one.substr(sign + 1);
    }
    return pairs;
}

result<void> add_file(const std::string& path, text_map& to) {
    const auto given = file_properties(path);
    if (!given)
        return given.failure();
    for (const auto& [key, value] : *given)
        to[key] = value;
    return {};
}

result<void> add_given_keys(const cli::parsed_options& options, std::initializer_list<const char*> files,
                            std::initializer_list<const char*> pairs, text_map& to) {
    for (const auto* name : files)
        if (const auto path = options.value(name))
            if (const auto read = add_file(*path, to); !read)
                return read;
    for (const auto* name : pairs) {
        const auto given = parse_pairs(name, options.values(name));
        if (!given)
            return given.failure();
        for (const auto& [key, value] : *given)
            to[key] = value;
    }
    auto known = without_unknown_keys(client_kind::producer, std::move(to));
    if (!known)
        return known.failure();
    to = std::move(*known);
    return {};
}

namespace {

/// The number that is set there; nothing when nobody says so soon.
result<std::int64_t> number_of(const client::admin& calls, const client::config_resource& of,
                               std::string_view name) {
    client::call_options soon;
    soon.timeout_ms = 1000;
    const auto told = calls.describe_configs({of}, false, soon).get();
    const auto& settings = told.at(of);
    if (!settings)
        return settings.failure();
    for (const auto& one : *settings)
        if (one.name == name)
            if (const auto number = tools::whole_number(one.value.value_or("")))
                return *number;
    return error{errc::not_found, "nobody tells " + std::string(name)};
}

/// The longest batch that the topic takes, or will take when it is made; nothing when nobody says so soon.
std::optional<std::int64_t> longest_batch(const std::string& topic, const text_map& keys) {
    const auto cluster = client::make_admin(keys_of_every_client(keys));
    if (!cluster)
        return std::nullopt;
    const auto& calls = cluster->admin_calls();
    auto longest = number_of(calls, {client::resource_kind::topic, topic}, "max.message.bytes");
    if (longest.code() == errc::unknown_topic_or_partition) {
        const auto brokers = calls.describe_cluster().get();
        if (!brokers || brokers->brokers.empty())
            return std::nullopt;
        longest =
            number_of(calls, {client::resource_kind::broker, std::to_string(brokers->brokers.front().id)},
                      "message.max.bytes");
    }
    return longest ? std::optional(*longest) : std::nullopt;
}

} // namespace

void choose_batch_size(const std::string& topic, text_map& keys) {
    constexpr std::int64_t wanted = 256 * 1024;
    constexpr std::int64_t batches_waiting = 16;
    const auto allows = [&](const char* key, std::int64_t bytes) {
        const auto given = keys.find(key);
        return given == keys.end() || tools::whole_number(given->second).value_or(0) >= bytes;
    };
    if (keys.contains("batch.size") || !allows("max.request.size", 2 * wanted) ||
        !allows("buffer.memory", batches_waiting * wanted))
        return;
    const auto longest = longest_batch(topic, keys);
    // Not compressed a batch is as long as batch.size, and its last record may make it a little longer.
    if (longest && *longest / 2 >= wanted)
        keys["batch.size"] = std::to_string(wanted);
}

std::string report_json(const client::delivery_report& report) {
    json_object shown;
    shown.add("topic", report.topic).add("partition", report.partition);
    if (report.ok())
        shown.add("offset", report.offset).add("timestamp", report.timestamp_ms);
    else
        shown.add("error",
                  json_object().add("code", name_of(report.why.code)).add("message", report.why.detail));
    return shown.text() + "\n";
}

void throttle::wait(std::int64_t sent) const {
    if (per_second_ >= 0)
        std::this_thread::sleep_until(due(sent));
}

bool throttle::wait(std::int64_t sent, std::chrono::milliseconds most) const {
    if (per_second_ < 0)
        return true;
    const auto until = due(sent);
    const auto last = clock::now() + most;
    std::this_thread::sleep_until(std::min(until, last));
    return until <= last;
}

throttle::clock::time_point throttle::due(std::int64_t sent) const {
    constexpr double ns_per_second = 1e9;
    const auto most = static_cast<double>(std::max<std::int64_t>(per_second_, 1));
    return since_ + std::chrono::nanoseconds(
                        static_cast<std::int64_t>(static_cast<double>(sent) / most * ns_per_second));
}

result<client::record_producer> connect_producer(const text_map& keys) {
    client::application_options options;
    options.on_trouble = say_trouble;
    options.on_unused_keys = say_unused_keys;
    return client::make_producer(keys, std::move(options));
}

} // namespace barnabas
