#include "cmd/barnabas/producer_tool.hpp"

#include "cmd/barnabas/commands.hpp"
#include "runtime/config/properties.hpp"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>

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
    if (!std::filesystem::is_regular_file(path))
        return error{errc::not_found, path + " cannot be read: it is no file"};
    std::ifstream file(path, std::ios::binary);
    const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    if (!file.is_open() || file.bad())
        return error{errc::not_found, path + " cannot be read"};
    const auto given = parse_properties(path, text);
    if (!given)
        return given.failure();
    for (const auto& one : *given)
        to[one.key] = one.value;
    return {};
}

void warn_of_old_name(const cli::parsed_options& options, std::string_view old_name,
                      std::string_view new_name) {
    if (options.has(old_name))
        std::printf("Option --%s is deprecated and will be removed in a future version. Use --%s instead.\n",
                    std::string(old_name).c_str(), std::string(new_name).c_str());
}

result<client::record_producer> connect_producer(const text_map& keys) {
    client::application_options options;
    options.on_trouble = [](const std::string& sentence) {
        std::fprintf(stderr, "%s: warning: %s; trying on\n", program_name, sentence.c_str());
    };
    return client::make_producer(keys, std::move(options));
}

} // namespace barnabas
