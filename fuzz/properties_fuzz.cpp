#include "fuzz/fuzz.hpp"

#include "runtime/config/broker_config.hpp"
#include "runtime/config/topic_config.hpp"

#include <map>
#include <optional>
#include <string>

/// A properties file, read as the broker's configuration and as that of a topic. What is accepted can be
/// shown.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace barnabas;
    fuzz::input given(data, size);
    const auto parsed = parse_properties("fuzz.properties", given.text());
    const auto loaded = load("fuzz.properties", given.text());
    if (!parsed) {
        fuzz::require(!loaded, "a configuration was loaded from what is no properties file");
        return 0;
    }
    std::map<std::string, std::optional<std::string>> asked;
    for (const auto& one : *parsed)
        fuzz::require(asked.emplace(one.key, one.value).second, "a key came twice");
    // Making the pages takes far longer than all the rest.
    const bool shown = size % 16 == 0;
    broker_config broker;
    if (loaded) {
        broker = loaded->config;
        fuzz::require(!shown || !describe_broker_configs(broker).empty(),
                      "a configuration that nobody can look at");
    }
    if (!check_topic_configs(asked))
        return 0;
    std::map<std::string, std::string> overrides;
    for (const auto& [key, value] : asked)
        overrides[key] = *value;
    const auto topic = effective(broker, overrides);
    fuzz::require(topic.min_insync_replicas >= 1, "a topic that needs no replica");
    fuzz::require(topic.segment_bytes > 0 && topic.max_message_bytes >= 0, "a topic that can hold nothing");
    fuzz::require(!shown || !describe_topic_configs(broker, overrides).empty(),
                  "a topic that nobody can look at");
    return 0;
}
