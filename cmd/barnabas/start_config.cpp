#include "cmd/barnabas/start_config.hpp"

#include "runtime/config/environment_keys.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <unistd.h>

namespace barnabas {

namespace {

result<std::string> read_file(const std::string& path, const std::string& directory) {
    const auto place = std::filesystem::path(directory) / path;
    // Reading a directory would throw.
    std::error_code unknown;
    if (!std::filesystem::is_regular_file(place, unknown))
        return error{errc::not_found, "the configuration file " + path + " cannot be read: it is no file"};
    std::ifstream file(place, std::ios::binary);
    std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    if (!file.is_open() || file.bad())
        return error{errc::not_found, "the configuration file " + path + " cannot be read"};
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

result<loaded_config> start_config(const cli::parsed_options& options, const start_place& place) {
    std::string text;
    const auto path = options.value("config");
    if (path) {
        auto read = read_file(*path, place.directory);
        if (!read)
            return read.failure();
        text = std::move(*read);
    }
    std::vector<property> on_top;
    if (options.has("environment"))
        on_top = properties_of_environment(place.environment);
    for (const auto& given : options.values("override")) {
        auto parsed = parse_override(given);
        if (!parsed)
            return parsed.failure();
        on_top.push_back(std::move(*parsed));
    }
    auto loaded = load(path.value_or("the default configuration"), text, on_top);
    if (loaded)
        make_directories_absolute(loaded->config, place.directory);
    return loaded;
}

} // namespace barnabas
