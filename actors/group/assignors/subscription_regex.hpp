#pragma once

#include "protocol/model/error.hpp"

#include <memory>
#include <string_view>

namespace re2 {
class RE2;
}

namespace barnabas::group {

/// The pattern of topics that a member subscribes to (KIP-848, in the syntax of RE2: time linear in the name,
/// whatever the pattern). A topic matches when the pattern covers its whole name.
class subscription_regex {
public:
    /// Codes: invalid_regular_expression, with RE2's reason.
    static result<subscription_regex> compile(std::string_view pattern);

    bool matches(std::string_view topic) const;

private:
    explicit subscription_regex(std::shared_ptr<const re2::RE2> compiled);

    std::shared_ptr<const re2::RE2> compiled_;
};

} // namespace barnabas::group
