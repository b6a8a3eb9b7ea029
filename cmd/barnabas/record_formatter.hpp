#pragma once

#include "actors/client/consumer/consumer_types.hpp"
#include "actors/replica/dump/record_text.hpp"
#include "protocol/model/error.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace barnabas {

/// Lines of records, as Kafka's formatters write them. DefaultMessageFormatter: columns that are switched on
/// by properties (print.key, print.offset, ...), separated by key.separator. Those of coordinators' topics,
/// such as OffsetsMessageFormatter: JSON of what they know, nothing of other records.
class record_formatter {
public:
    using properties = std::map<std::string, std::string>;

    /// By the names that Kafka's tool knows, old and new; an empty name is the default. Codes:
    /// invalid_config, invalid_request for a formatter or deserializer that is not here.
    static result<record_formatter> make(std::string_view class_name, const properties& wanted);

    /// Adds nothing when it fails. Codes: malformed, unsupported_version, invalid_record
    /// (bytes that are no number or uuid of that size).
    result<void> append(const client::record_set& set, const client::consumed_record& record,
                        std::string& line) const;
    bool writes_json() const noexcept { return coordinators_.has_value(); }

private:
    /// How bytes are shown.
    enum class bytes_as { text, int64, int32, int16, real, short_real, uuid };

    static result<bytes_as> deserializer(const std::string& class_name);
    result<void> take(const std::string& name, const std::string& value);
    void take_flag(const std::string& name, const std::string& value);
    result<void> append_columns(const client::record_set& set, const client::consumed_record& record,
                                std::string& line) const;
    result<void> append_bytes(bytes_as how, const std::optional<std::span<const std::byte>>& bytes,
                              std::string& line) const;
    static result<void> append_number(bytes_as how, std::span<const std::byte> bytes, std::string& line);
    result<void> append_headers(const client::record_set& set, const client::consumed_record& record,
                                std::string& line) const;

    bool silent_ = false;
    std::optional<replica::dump::shown_records> coordinators_;
    std::map<std::string, bool> shown_{
        {"print.timestamp", false}, {"print.partition", false}, {"print.offset", false},
        {"print.epoch", false},     {"print.headers", false},   {"print.key", false},
        {"print.value", true},      {"print.delivery", false},
    };
    std::string separator_ = "\t";
    std::string line_end_ = "\n";
    std::string header_separator_ = ",";
    std::string null_ = "null";
    bytes_as key_as_ = bytes_as::text;
    bytes_as value_as_ = bytes_as::text;
    bytes_as header_as_ = bytes_as::text;
};

} // namespace barnabas
