#include "runtime/config/altered_config.hpp"

#include "runtime/config/broker_keys.hpp"

#include <algorithm>
#include <array>
#include <type_traits>
#include <utility>
#include <variant>

namespace barnabas {

namespace {

/// Each pass of compaction looks at them anew.
constexpr std::array<std::string_view, 4> read_anew{
    "log.cleaner.dedupe.buffer.size",
    "log.cleaner.io.buffer.load.factor",
    "log.cleaner.io.buffer.size",
    "log.cleaner.io.max.bytes.per.second",
};
/// How many threads there are for it is another key's business, or nobody's: tools that tune them go on.
constexpr std::array<std::string_view, 4> threads_of_kafka{
    "background.threads",
    "num.io.threads",
    "num.network.threads",
    "num.replica.fetchers",
};

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
    const auto value = text == nullptr ? result<config_value>(error{errc::not_found, {}})
                                       : parse_config_value(key.type, key.check, *text);
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

template <class Names>
bool contains(const Names& names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

} // namespace

bool is_changed_while_running(std::string_view broker_key) {
    return contains(read_anew, broker_key) || contains(threads_of_kafka, broker_key);
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

result<void> check_altered_number(std::string_view broker_key, const config_value& value) {
    constexpr std::int64_t mebibyte = 1 << 20;
    const auto wrong = [](const char* why) { return error{errc::invalid_config, why}; };
    // Written so that what is no number fails as well.
    if (broker_key == "log.cleaner.io.buffer.load.factor" && !(value.real > 0 && value.real <= 1))
        return wrong("Value must be above 0, and at most 1");
    if (broker_key == "log.cleaner.io.max.bytes.per.second" && !(value.real >= 1))
        return wrong("Value must be at least 1");
    if (broker_key == "log.cleaner.dedupe.buffer.size" && value.number < mebibyte)
        return wrong("Value must be at least 1048576");
    return {};
}

void take_altered(broker_config& altered, const broker_config& file,
                  std::map<std::string, std::string> for_all, std::map<std::string, std::string> here) {
    for (const auto name : read_anew) {
        const std::string* text = nullptr;
        for (const auto* wins : {&for_all, &here})
            if (const auto found = wins->find(std::string(name)); found != wins->end())
                text = &found->second;
        take_field(altered, file, *find_broker_key(name), text);
    }
    altered.altered_for_all = std::move(for_all);
    altered.altered_here = std::move(here);
}

} // namespace barnabas
