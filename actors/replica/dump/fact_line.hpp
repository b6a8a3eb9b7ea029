#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace barnabas::replica::dump {

struct fact {
    std::string_view name;
    /// In Kafka's words.
    std::string text;
    /// A number, a truth or null as JSON has it; empty for what is a text there too.
    std::string json;
};

/// One thing that a file holds, as facts: "name: value name: value" is its line.
class fact_line {
public:
    /// `kind` says what it is, as "batch"; `mark` stands before the line.
    explicit fact_line(std::string_view kind, std::string_view mark = {}) : kind_(kind), mark_(mark) {}

    template <std::integral Number>
    requires(!std::same_as<Number, bool>) void add(std::string_view name, Number number) {
        const auto text = std::to_string(number);
        facts_.push_back({name, text, text});
    }
    void add(std::string_view name, bool flag) {
        const std::string text = flag ? "true" : "false";
        facts_.push_back({name, text, text});
    }
    void add_text(std::string_view name, std::string text) { facts_.push_back({name, std::move(text), {}}); }
    void add_optional(std::string_view name, std::optional<std::int64_t> number);

    /// What stands before and behind the line instead.
    void set_mark(std::string_view mark) { mark_ = mark; }
    void set_tail(std::string_view tail) { tail_ = tail; }

    std::string_view kind() const noexcept { return kind_; }
    const std::vector<fact>& facts() const noexcept { return facts_; }
    std::string text() const;

private:
    std::string_view kind_;
    std::string_view mark_;
    std::string_view tail_;
    std::vector<fact> facts_;
};

} // namespace barnabas::replica::dump
