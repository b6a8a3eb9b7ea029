#include "cmd/barnabas/cluster_tool.hpp"

#include "actors/client/cluster/settings.hpp"
#include "cmd/barnabas/commands.hpp"
#include "cmd/barnabas/text_file.hpp"
#include "runtime/config/properties.hpp"

#include <chrono>
#include <cstdio>

namespace barnabas {

result<client::properties> file_properties(const std::string& path) {
    const auto text = read_text_file(path);
    if (!text)
        return text.failure();
    const auto given = parse_properties(path, *text);
    if (!given)
        return given.failure();
    client::properties keys;
    for (const auto& one : *given)
        keys[one.key] = one.value;
    return keys;
}

result<client::properties> tool_properties(const cli::parsed_options& options, std::string_view servers,
                                           std::string_view client_id, tool_keys from) {
    client::properties keys{{"client.id", std::string(client_id)}};
    if (const auto path = options.value(from.option)) {
        const auto given = file_properties(*path);
        if (!given)
            return given.failure();
        for (const auto& [key, value] : *given)
            keys[key] = value;
    }
    keys["bootstrap.servers"] = std::string(servers);
    return without_unknown_keys(from.kind, std::move(keys));
}

client::properties keys_of_every_client(const client::properties& keys) {
    client::properties common;
    for (const auto& one : client::client_keys())
        if (const auto given = keys.find(std::string(one.name)); given != keys.end())
            common.insert(*given);
    return common;
}

void say_trouble(const std::string& sentence) {
    std::fprintf(stderr, "%s: warning: %s; trying on\n", program_name, sentence.c_str());
}

void say_unused_keys(const std::vector<std::string>& keys) {
    std::string names;
    for (const auto& key : keys)
        names += (names.empty() ? "" : ", ") + key;
    std::fprintf(stderr, "%s: warning: these keys are given and change nothing here: %s\n", program_name,
                 names.c_str());
}

result<client::cluster_admin> connect_tool(const client::properties& keys, tool_patience patience) {
    constexpr std::chrono::seconds enough{10}, more_than_any_call{100'000'000};
    client::application_options options;
    const bool at_once = patience == tool_patience::none;
    if (!at_once)
        options.on_trouble = say_trouble;
    // Who says how long a call may take means also one that reaches nobody.
    if (keys.contains("default.api.timeout.ms"))
        options.unreached_patience = more_than_any_call;
    else
        options.unreached_patience = at_once ? std::chrono::seconds(0) : enough;
    options.on_unused_keys = say_unused_keys;
    return client::make_admin(keys, std::move(options));
}

std::optional<std::string> find_clash(const cli::parsed_options& options, std::string_view one,
                                      const std::vector<std::string_view>& others) {
    if (!options.has(one))
        return std::nullopt;
    for (const auto other : others)
        if (options.has(other))
            return "Option \"[" + std::string(one) + "]\" can't be used with option \"[" +
                   std::string(other) + "]\"";
    return std::nullopt;
}

std::string renamed_sentence(renamed_words words, std::string_view old_name, std::string_view new_name) {
    const std::string is_old = "--" + std::string(old_name),
                      instead = " Use --" + std::string(new_name) + " instead.\n";
    switch (words) {
    case renamed_words::of_most:
        return "Option " + is_old + " is deprecated and will be removed in a future version." + instead;
    case renamed_words::of_producer_perf:
        return "Option " + is_old + " has been deprecated and will be removed in a future version." + instead;
    case renamed_words::of_consumer_perf: break;
    }
    return "Warning: " + is_old + " is deprecated." + instead;
}

void say_renamed(const cli::parsed_options& options, renamed_words words, std::string_view old_name,
                 std::string_view new_name) {
    if (options.has(old_name))
        std::fputs(renamed_sentence(words, old_name, new_name).c_str(),
                   words == renamed_words::of_most ? stdout : stderr);
}

std::string zookeeper_sentence(std::string_view tool) {
    return "--zookeeper is gone: brokers keep what was there themselves; say " + std::string(tool) +
           " --bootstrap-server HOST:PORT with the address of a broker, such as localhost:9092";
}

} // namespace barnabas
