#include "actors/replica/dump/fact_line.hpp"

namespace barnabas::replica::dump {

void fact_line::add_optional(std::string_view name, std::optional<std::int64_t> number) {
    if (number)
        facts_.push_back({name, "OptionalLong[" + std::to_string(*number) + "]", std::to_string(*number)});
    else
        facts_.push_back({name, "OptionalLong.empty", "null"});
}

std::string fact_line::text() const {
    std::string line(mark_);
    for (const auto& one : facts_) {
        line += &one == facts_.data() ? "" : " ";
        line += one.name;
        line += ": ";
        line += one.text;
    }
    line += tail_;
    return line;
}

} // namespace barnabas::replica::dump
