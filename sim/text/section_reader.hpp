#pragma once

#include "sim/text/document.hpp"
#include "sim/text/field_text.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace barnabas::sim {

/// What is wrong with values that could be read.
struct value_problem {
    /// The fields that are to blame, those first that more probably are; none for the section as a whole.
    std::vector<std::string> fields;
    std::string what;
};

/// Takes the lines of one section into options, one struct after the other. What nobody took in the end is an
/// error, as is the first value that does not fit. Ranges are drawn from a stream named by the key, so that
/// another line more leaves them as they were.
class section_reader {
public:
    section_reader(const document& in, const document_section& from, const runtime::random& draws)
        : in_(in), from_(from), draws_(draws), called_("[" + from.name + "]"),
          taken_(from.lines.size(), false) {}

    /// Sets the fields of `of` that the section names.
    template <class Options>
    section_reader& fields(Options& of) {
        for_each_field(of, [&](std::string_view field, auto& member) { take(field, member); });
        return *this;
    }
    /// Sets one value that belongs to no struct.
    template <class Value>
    section_reader& field(std::string_view field, Value& value) {
        take(field, value);
        return *this;
    }
    /// Every `config.KEY = VALUE`.
    section_reader& configs(std::vector<std::pair<std::string, std::string>>& into);
    /// Every line that is a row, with its number.
    section_reader& rows(std::vector<document_line>& into);
    /// The line of a problem is that of the first of its fields that the section states, else the section's.
    section_reader& check(const std::optional<value_problem>& problem);
    /// Without these keys a section means nothing.
    section_reader& needs(std::initializer_list<std::string_view> keys);
    /// How errors call the section, where its name alone does not tell why it lacks a key.
    section_reader& called(std::string name);
    bool says(std::string_view key) const { return from_.find(key) != nullptr; }
    result<void> done() const;

private:
    template <class Value>
    void take(std::string_view field, Value& value) {
        const auto key = key_of_field(field);
        known_.emplace_back(key);
        for (std::size_t i = 0; i < taken_.size(); ++i) {
            const auto& line = from_.lines[i];
            if (line.key != key)
                continue;
            taken_[i] = true;
            auto draws = draws_.split(line.key);
            if (const auto done = parse_field(field, value, line.value, draws); !done)
                note(line.line, line.key + ": " + done.failure().detail);
        }
    }
    void note(std::size_t line, const std::string& what);

    const document& in_;
    const document_section& from_;
    runtime::random draws_;
    std::string called_;
    std::vector<bool> taken_;
    std::vector<std::string> known_;
    result<void> outcome_;
};

} // namespace barnabas::sim
