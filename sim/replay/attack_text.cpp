#include "sim/replay/attack_text.hpp"

#include "sim/replay/row_words.hpp"

namespace barnabas::sim {

std::string attack_text(const planned_attack& attack) {
    return field_text("at_ns", attack.at) + " " + field_text("kind", attack.kind) + " " +
           field_text("choice", attack.choice);
}

result<planned_attack> parse_attack(std::string_view row) {
    planned_attack attack;
    if (!take_word("at_ns", attack.at, row) || !take_word("kind", attack.kind, row) ||
        !take_word("choice", attack.choice, row) || !next_word(row).empty())
        return error{errc::invalid_request, "an attack is written as 'TIME KIND NUMBER'"};
    return attack;
}

} // namespace barnabas::sim
