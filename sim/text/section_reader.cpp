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

section_reader& section_reader::check(const std::optional<value_problem>& problem) {
    if (!problem)
        return *this;
    const document_line* stated = nullptr;
    for (const auto& field : problem->fields) {
        if (stated == nullptr)
            stated = from_.find(key_of_field(field));
    }
    note(stated != nullptr ? stated->line : from_.line, called_ + " " + problem->what);
    return *this;
}

section_reader& section_reader::needs(std::initializer_list<std::string_view> keys) {
    for (const auto key : keys) {
        if (!says(key))
            note(from_.line, called_ + " needs a line that says " + std::string(key) + " = ...");
    }
    return *this;
}

section_reader& section_reader::called(std::string name) {
    called_ = std::move(name);
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
            return in_.wrong(line.line, "'" + line.value + "': expected KEY = VALUE in " + called_);
        const std::vector<std::string_view> known(known_.begin(), known_.end());
        const auto meant = closest(line.key, known);
        return in_.wrong(line.line, called_ + " has no " + line.key +
                                        (meant ? "; did you mean " + std::string(*meant) + "?" : ""));
    }
    return {};
}

void section_reader::note(std::size_t line, const std::string& what) {
    if (outcome_)
        outcome_ = in_.wrong(line, what);
}

} // namespace barnabas::sim
