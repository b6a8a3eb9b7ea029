#pragma once

#include "actors/client/producer/producer_record.hpp"
#include "protocol/model/error.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace barnabas {

/// Makes records of lines, as kafka-console-producer.sh does: headers, key and value with texts between.
class record_lines {
public:
    /// Of Kafka's reader properties: parse.key, key.separator, parse.headers, headers.delimiter,
    /// headers.separator, headers.key.separator, null.marker, ignore.error. Others are left alone, as Kafka
    /// does. Code: invalid_config.
    static result<record_lines> from(const std::map<std::string, std::string>& properties);

    /// The record's views lead into `line` and into this object, until the next line is read. The error is
    /// Kafka's.
    result<client::producer_record> read(std::string_view topic, std::string_view line);

private:
    result<std::optional<std::string_view>> part(bool wanted, std::string_view rest,
                                                 std::string_view separator, const char* name) const;
    result<void> read_headers(std::string_view text);
    std::optional<std::string_view> unless_null(std::string_view text) const;

    bool parse_key_ = false;
    bool parse_headers_ = false;
    bool ignore_error_ = false;
    std::string key_separator_;
    std::string headers_delimiter_;
    std::string headers_separator_;
    std::string headers_key_separator_;
    std::optional<std::string> null_marker_;
    std::uint64_t line_number_ = 0;
    std::string_view line_;
    std::vector<client::record_header> headers_;
};

} // namespace barnabas
