#pragma once

#include "protocol/model/error.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

/// The text of scenarios and schedules, before anybody knows what its words mean:
///
///     # a comment, to the end of its line
///     [section argument]
///     key = value
///     a row of words
///
/// Everything keeps the number of its line, so that whoever finds a value wrong can say where.
namespace barnabas::sim {

/// `key = value`, or a row (a line without a sign of equality): then `key` is empty and `value` the line.
struct document_line {
    std::string key;
    std::string value;
    std::size_t line = 0;
};

struct document_section {
    std::string name;
    std::string argument;
    std::size_t line = 0;
    std::vector<document_line> lines;

    /// Null when the section does not say.
    const document_line* find(std::string_view key) const;
};

struct document {
    /// As the file is called in messages.
    std::string name;
    std::vector<document_section> sections;

    /// The first section of that name, or null.
    const document_section* find(std::string_view section) const;
    /// `invalid_request`: "FILE:LINE: what".
    error wrong(std::size_t line, const std::string& what) const;
};

/// `invalid_request` with name and line: text before the first section, a section that does not close, an
/// empty key, a key said twice in one section.
result<document> parse_document(std::string name, std::string_view text);

} // namespace barnabas::sim
