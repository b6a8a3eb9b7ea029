#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace barnabas {

/// In quotes, with what JSON wants escaped. What is no UTF-8 becomes the replacement character.
std::string json_quoted(std::string_view text);

/// As few digits as tell the number from all others, with a point.
std::string number_text(double number);

/// JSON of tools, in one line: members in the order in which they are added.
class json_object {
public:
    json_object& add(std::string_view name, std::string_view text);
    json_object& add(std::string_view name, const char* text) { return add(name, std::string_view(text)); }
    json_object& add(std::string_view name, bool flag) { return add_raw(name, flag ? "true" : "false"); }
    template <std::integral Number>
    requires(!std::same_as<Number, bool>) json_object& add(std::string_view name, Number number) {
        return add_raw(name, std::to_string(number));
    }
    json_object& add(std::string_view name, double number) { return add_raw(name, number_text(number)); }
    /// Null when there is nothing.
    template <class Value>
    json_object& add(std::string_view name, const std::optional<Value>& value) {
        return value ? add(name, *value) : add_raw(name, "null");
    }
    json_object& add(std::string_view name, const std::vector<std::int32_t>& numbers);
    json_object& add(std::string_view name, const json_object& object) {
        return add_raw(name, object.text());
    }
    json_object& add(std::string_view name, const std::vector<json_object>& objects);
    json_object& add(std::string_view name, const std::vector<std::string>& texts);

    std::string text() const { return "{" + members_ + "}"; }

private:
    json_object& add_raw(std::string_view name, std::string_view value);

    std::string members_;
};

} // namespace barnabas
