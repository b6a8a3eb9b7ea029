#include "sim/text/section_reader.hpp"

#include "runtime/config/closest.hpp"

namespace barnabas::sim {

namespace {
constexpr std::string_view config_prefix = "config.";
} // namespace

section_reader& section_reader::configs(std::vector<std::pair<std::string, std::string>>& into) {
    known_.emplace_back("config.KEY");
    for (std::size_t i = 0; i < taken_.size(); ++i) {
        const auto& line = from_.lines[i];
        if (!line.key.starts_with(config_prefix))
            continue;
        taken_[i] = true;
        into.emplace_back(line.key.substr(config_prefix.size()), line.value);
    }
    return *this;
}

section_reader& section_reader::rows(std::vector<document_line>& into) {
    for (std::size_t i = 0; i < taken_.size(); ++i) {
        if (!from_.lines[i].key.empty())
            continue;
        taken_[i] = true;
        into.push_back(from_.lines[i]);
    }
    return *this;
}

result<void> section_reader::done() const {
    if (!outcome_)
        return outcome_;
    for (std::size_t i = 0; i < taken_.size(); ++i) {
        if (taken_[i])
            continue;
        const auto& line = from_.lines[i];
        if (line.key.empty())
            return in_.wrong(line.line, "'" + line.value + "': expected KEY = VALUE in [" + from_.name + "]");
        const std::vector<std::string_view> known(known_.begin(), known_.end());
        const auto meant = closest(line.key, known);
        return in_.wrong(line.line, "[" + from_.name + "] has no " + line.key +
                                        (meant ? "; did you mean " + std::string(*meant) + "?" : ""));
    }
    return {};
}

void section_reader::note(const document_line& line, const std::string& what) {
    if (outcome_)
        outcome_ = in_.wrong(line.line, what);
}

} // namespace barnabas::sim
