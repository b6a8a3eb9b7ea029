#pragma once

#include <string>

namespace barnabas {

/// Lines of standard input. Knows whether the next one is there already: while somebody types, what was read
/// should not wait for company.
class line_input {
public:
    /// False at the end. Without the newline, and a carriage return before it.
    bool next(std::string& line);
    /// Nothing can be read at once.
    bool is_idle() const;
    /// A person sits there.
    static bool is_console();

private:
    bool fill();

    std::string buffer_;
    std::size_t at_ = 0;
    bool ended_ = false;
};

} // namespace barnabas
