#pragma once

#include "actors/replica/dump/dump_options.hpp"
#include "actors/replica/dump/findings.hpp"
#include "protocol/batch/message_reader.hpp"
#include "protocol/batch/record_reader.hpp"

#include <optional>
#include <string>

namespace barnabas::replica::dump {

/// One line per record of one log's batches and messages, and a finding where offsets leave a gap.
class record_lines {
public:
    record_lines(const dump_options& options, dump_output& output, findings& found, std::string path)
        : options_(options), output_(output), found_(found), path_(std::move(path)) {}

    /// Stops at the first record that cannot be read; invalid_record, corrupt_message,
    /// unsupported_compression or message_too_large says why.
    result<void> show(const batch::batch_view& batch);
    result<void> show(const batch::message_view& message);

private:
    void check_offset(log_offset offset);
    result<fact_line> facts_of(const batch::batch_header& batch, const batch::record_view& record) const;
    record_text contents_of(const batch::record_view& record) const;
    void put_line(fact_line line, const batch::record_view& record, bool contents);

    const dump_options& options_;
    dump_output& output_;
    findings& found_;
    std::string path_;
    std::optional<log_offset> last_offset_;
    batch::codec_workspace workspace_;
};

/// The largest timestamp of the records inside, no_timestamp without one.
result<timestamp_ms> largest_timestamp(const batch::batch_view& batch);
result<timestamp_ms> largest_timestamp(const batch::message_view& message);

} // namespace barnabas::replica::dump
