#include "runtime/config/altered_config.hpp"

#include "runtime/config/broker_keys.hpp"

#include <type_traits>
#include <utility>
#include <variant>

namespace barnabas {

namespace {

using outcome = key_alteration::outcome;

/// Numbers alone are among those that are read anew.
template <class Field>
void take(Field& field, const config_value& value) {
    if constexpr (std::is_same_v<Field, double>)
        field = value.real;
    else if constexpr (std::is_same_v<Field, std::int32_t> || std::is_same_v<Field, std::int64_t>)
        field = static_cast<Field>(value.number);
}

/// The field as in the file, or what the text says. A text was checked when it was altered; one that an older
/// version took and that is not allowed any more changes nothing.
void take_field(broker_config& altered, const broker_config& file, const broker_key& key,
                const std::string* text) {
    const auto value =
        text == nullptr ? result<config_value>(error{errc::not_found, {}}) : parse_altered(key, *text);
    std::visit(
        [&](auto field) {
            if constexpr (std::is_member_object_pointer_v<decltype(field)>) {
                altered.*field = file.*field;
                if (value)
                    take(altered.*field, *value);
            }
        },
        key.field);
}

} // namespace

bool is_changed_while_running(std::string_view broker_key) {
    const auto* key = find_broker_key(broker_key);
    return key != nullptr && key->altered.what != outcome::refused;
}

std::string why_not_while_running(std::string_view broker_key) {
    const auto* key = find_broker_key(broker_key);
    if (broker_key.starts_with("ssl.") || broker_key.starts_with("sasl."))
        return "TLS and SASL are not built yet";
    if (key != nullptr && key->use == key_use::java_class)
        return "it names a Java class, and none can be loaded";
    if (key != nullptr && key->use == key_use::accepted)
        return "it has no effect here yet";
    return "it is read when the broker starts: set it in the broker's file, and start the broker again";
}

result<config_value> parse_altered(const broker_key& key, std::string_view text) {
    const auto& narrower = key.altered;
    auto value = parse_config_value(key.type, key.check, text);
    if (value)
        value = parse_config_value(key.type, narrower.check, text);
    const auto min = narrower.check.min;
    const bool is_min = value && (key.type == config_type::real ? value->real == static_cast<double>(min)
                                                                : value->number == min);
    if (narrower.above_min && is_min)
        return error{errc::invalid_config, "Value must be above " + std::to_string(min)};
    return value;
}

void take_altered(broker_config& altered, const broker_config& file,
                  std::map<std::string, std::string> for_all, std::map<std::string, std::string> here) {
    for (const auto& key : used_broker_keys()) {
        if (key.altered.what != outcome::read_anew)
            continue;
        const std::string* text = nullptr;
        for (const auto* wins : {&for_all, &here})
            if (const auto found = wins->find(std::string(key.name)); found != wins->end())
                text = &found->second;
        take_field(altered, file, key, text);
    }
    altered.altered_for_all = std::move(for_all);
    altered.altered_here = std::move(here);
}

} // namespace barnabas
