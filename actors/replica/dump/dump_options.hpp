#pragma once

#include "actors/replica/dump/fact_line.hpp"
#include "actors/replica/dump/record_text.hpp"

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

namespace barnabas::replica::dump {

/// What is looked at and shown; the names are those of the command's options.
struct dump_options {
    /// Shows the records of each batch.
    bool deep_iteration = false;
    /// Shows keys and values, and so the records.
    bool print_data_log = false;
    record_decoder decoder = record_decoder::text;
    field_decoder key_decoder = field_decoder::utf8;
    field_decoder value_decoder = field_decoder::utf8;
    bool skip_record_metadata = false;
    /// Compares indexes with their logs without showing their entries.
    bool verify_index_only = false;
    /// Looks only at what decides whether an index is built anew at the next start.
    bool index_sanity_check = false;
    /// A batch that an index points to may not be longer.
    std::uint64_t max_message_size = 5 * 1024 * 1024;
    /// How far into a log; what follows is then not called invalid.
    std::uint64_t max_bytes = no_max_bytes;

    static constexpr std::uint64_t no_max_bytes = std::numeric_limits<std::uint64_t>::max();

    bool shows_records() const { return deep_iteration || print_data_log; }
};

/// Where the lines go; each comes without its end of line.
class dump_output {
public:
    virtual ~dump_output() = default;
    /// The lines from here on are of this file.
    virtual void file(std::string_view path) { line("Dumping " + std::string(path)); }
    /// What the files hold.
    virtual void line(std::string_view text) = 0;
    virtual void facts(const fact_line& all) { line(all.text()); }
    /// What does not agree or cannot be read.
    virtual void complaint(std::string_view text) = 0;
};

} // namespace barnabas::replica::dump
