#pragma once

#include "protocol/model/error.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace barnabas {

/// Topics as Kafka's tools let one name several: a regular expression, in which commas stand for "or". It is
/// one of Java's, with looking ahead and behind, since the tool matches and not the broker.
class topic_pattern {
public:
    /// A blank text is refused. The error about a broken expression is Kafka's.
    static result<topic_pattern> parse(std::string_view text);
    static topic_pattern all();
    /// May be called by several threads. False also where matching gave up, which trouble() tells.
    bool matches(const std::string& topic) const;
    /// Matching gave up on a topic: what matches() said is then no answer.
    std::optional<error> trouble() const;
    /// One of the names between the commas is just this.
    bool is_named(std::string_view topic) const;

private:
    struct expression;
    explicit topic_pattern(std::shared_ptr<expression> compiled) : compiled_(std::move(compiled)) {}

    std::shared_ptr<expression> compiled_;
};

} // namespace barnabas
