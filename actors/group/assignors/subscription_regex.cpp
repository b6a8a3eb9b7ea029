#include "actors/group/assignors/subscription_regex.hpp"

#include "actors/group/assignors/limits.hpp"

#include <re2/re2.h>

#include <string>
#include <utility>

namespace barnabas::group {

result<subscription_regex> subscription_regex::compile(std::string_view pattern) {
    re2::RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(limits::regex_bytes_max);
    auto compiled =
        std::make_shared<const re2::RE2>(re2::StringPiece(pattern.data(), pattern.size()), options);
    if (!compiled->ok())
        return error{errc::invalid_regular_expression, "the pattern `" + std::string(pattern) +
                                                           "` is not in RE2's syntax: " + compiled->error()};
    return subscription_regex(std::move(compiled));
}

subscription_regex::subscription_regex(std::shared_ptr<const re2::RE2> compiled)
    : compiled_(std::move(compiled)) {}

bool subscription_regex::matches(std::string_view topic) const {
    return re2::RE2::FullMatch(re2::StringPiece(topic.data(), topic.size()), *compiled_);
}

} // namespace barnabas::group
