#include "runtime/config/cordon.hpp"

#include "runtime/config/config_value.hpp"

#include <algorithm>
#include <filesystem>

namespace barnabas {

namespace {

/// As paths of `log.dirs` are written, which end with no slash.
std::vector<std::string> paths_of(const std::string& text) {
    auto named = split_list(text);
    for (auto& path : named) {
        path = std::filesystem::path(path).lexically_normal().string();
        if (path.size() > 1 && path.ends_with('/'))
            path.pop_back();
    }
    return named;
}

std::vector<std::string> named_of(const std::vector<std::string>& log_dirs,
                                  const std::vector<std::string>& named) {
    if (named == std::vector<std::string>{"*"})
        return log_dirs;
    std::vector<std::string> both;
    std::ranges::copy_if(log_dirs, std::back_inserter(both), [&](const std::string& one) {
        return std::ranges::find(named, one) != named.end();
    });
    return both;
}

} // namespace

result<std::vector<std::string>> cordoned_directories(const std::vector<std::string>& log_dirs,
                                                      const std::vector<std::string>& named) {
    auto cordoned = named_of(log_dirs, named);
    for (const auto& one : named)
        if (one != "*" && std::ranges::find(cordoned, one) == cordoned.end())
            return error{errc::invalid_config,
                         std::string(cordon_key) + " names " + one + ", which is not in log.dirs"};
    if (named.size() > 1 && std::ranges::find(named, "*") != named.end())
        return error{errc::invalid_config, std::string(cordon_key) + " names others beside *, which is all"};
    return cordoned;
}

result<void> check_cordon(const std::vector<std::string>& log_dirs, const std::string& text) {
    const auto cordoned = cordoned_directories(log_dirs, paths_of(text));
    if (cordoned)
        return {};
    std::string allowed;
    for (const auto& one : log_dirs)
        allowed += one + ", ";
    return error{errc::invalid_config, "Invalid value " + text + " for configuration " + cordon_key + ": " +
                                           cordoned.failure().detail + "; allowed are " + allowed +
                                           "or * alone for all of them"};
}

std::vector<std::string> cordoned_now(const std::vector<std::string>& log_dirs,
                                      const std::vector<std::string>& in_file,
                                      const std::map<std::string, std::string>& for_all,
                                      const std::map<std::string, std::string>& here) {
    for (const auto* wins : {&here, &for_all})
        if (const auto found = wins->find(cordon_key); found != wins->end())
            return named_of(log_dirs, paths_of(found->second));
    return in_file;
}

} // namespace barnabas
