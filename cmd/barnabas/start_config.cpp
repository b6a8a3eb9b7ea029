#include "cmd/barnabas/start_config.hpp"

#include "cmd/barnabas/text_file.hpp"
#include "runtime/config/environment_keys.hpp"

#include <filesystem>
#include <unistd.h>
#include <utility>

namespace barnabas {

namespace {

result<std::string> read_config_file(const std::string& path, const std::string& directory) {
    auto text = read_text_file(std::filesystem::path(directory) / path);
    if (!text)
        return error{errc::not_found, "the configuration file " + text.failure().detail};
    return text;
}

} // namespace

start_place start_place_here() {
    std::error_code unknown;
    start_place place{std::filesystem::current_path(unknown).string(), {}};
    for (char** one = environ; *one != nullptr; ++one)
        place.environment.emplace_back(*one);
    return place;
}

result<loaded_config> config_of(const std::optional<std::string>& path, const std::vector<property>& on_top,
                                const std::string& directory) {
    std::string text;
    if (path) {
        auto read = read_config_file(*path, directory);
        if (!read)
            return read.failure();
        text = std::move(*read);
    }
    auto loaded = load(path.value_or("the default configuration"), text, on_top);
    if (loaded)
        if (auto named = make_directories_absolute(loaded->config, directory); !named)
            return named.failure();
    return loaded;
}

result<broker_config> config_here(const cli::parsed_options& options, const std::vector<property>& on_top) {
    auto loaded = config_of(options.value("config"), on_top, start_place_here().directory);
    return loaded ? result<broker_config>(std::move(loaded->config)) : loaded.failure();
}

result<std::vector<property>> overrides_of(const cli::parsed_options& options) {
    std::vector<property> all;
    for (const auto& given : options.values("override")) {
        auto parsed = parse_override(given);
        if (!parsed)
            return parsed.failure();
        all.push_back(std::move(*parsed));
    }
    return all;
}

result<loaded_config> start_config(const cli::parsed_options& options, const start_place& place) {
    std::vector<property> on_top;
    if (options.has("environment"))
        on_top = properties_of_environment(place.environment);
    auto overrides = overrides_of(options);
    if (!overrides)
        return overrides.failure();
    on_top.insert(on_top.end(), overrides->begin(), overrides->end());
    return config_of(options.value("config"), on_top, place.directory);
}

} // namespace barnabas
