#pragma once

#include "protocol/model/error.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// JSON that people give to tools.
namespace barnabas::tools {

class json_value {
public:
    using list_type = std::vector<json_value>;
    using object_type = std::map<std::string, json_value>;

    json_value() = default;
    template <class Value>
    explicit json_value(Value value) : value_(std::move(value)) {}

    /// Null when it is something else.
    const std::string* text() const { return std::get_if<std::string>(&value_); }
    const list_type* list() const { return std::get_if<list_type>(&value_); }
    /// Of whole numbers only.
    std::optional<std::int64_t> number() const {
        const auto* found = std::get_if<std::int64_t>(&value_);
        return found == nullptr ? std::nullopt : std::optional(*found);
    }
    /// The member of an object; null when there is none, or this is no object.
    const json_value* find(const std::string& name) const {
        const auto* members = std::get_if<object_type>(&value_);
        const auto found = members == nullptr ? object_type::const_iterator{} : members->find(name);
        return members == nullptr || found == members->end() ? nullptr : &found->second;
    }

private:
    std::variant<std::monostate, bool, std::int64_t, double, std::string, list_type, object_type> value_;
};

/// The error says at which byte. Nesting has a bound.
result<json_value> parse_json(std::string_view text);

} // namespace barnabas::tools
