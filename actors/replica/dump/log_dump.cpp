#include "actors/replica/dump/log_dump.hpp"

#include "actors/replica/dump/entry_walk.hpp"
#include "actors/replica/dump/record_lines.hpp"

#include <algorithm>

namespace barnabas::replica::dump {
namespace {

/// A batch whose CRC is wrong may have a wrong length as well, which must not cost more memory than this.
constexpr std::size_t damaged_bytes_max = std::size_t{64} << 20;

std::string codec_name(std::uint8_t bits) {
    switch (bits) {
    case 0: return "none";
    case 1: return "gzip";
    case 2: return "snappy";
    case 3: return "lz4";
    case 4: return "zstd";
    default: return "unknown(" + std::to_string(bits) + ")";
    }
}

void add_facts(const batch::batch_header& header, fact_line& line) {
    const auto horizon = header.delete_horizon();
    line.add("baseOffset", header.base_offset.get());
    line.add("lastOffset", header.last_offset().get());
    line.add("count", header.record_count);
    line.add("baseSequence", header.base_sequence);
    line.add("lastSequence", header.last_sequence());
    line.add("producerId", header.producer_id.get());
    line.add("producerEpoch", header.producer_epoch.get());
    line.add("partitionLeaderEpoch", header.leader_epoch.get());
    line.add("isTransactional", header.is_transactional());
    line.add("isControl", header.is_control());
    line.add_optional("deleteHorizonMs", horizon ? std::optional(horizon->get()) : std::nullopt);
}

fact_line entry_line(const log_entry& entry, bool valid) {
    fact_line line(entry.as_batch() != nullptr ? "batch" : "message");
    if (entry.as_batch() != nullptr)
        add_facts(*entry.as_batch(), line);
    else
        line.add("offset", entry.last_offset().get());
    line.add("position", entry.position);
    line.add(entry.time_type_name(), entry.max_timestamp().get());
    line.add("size", entry.size());
    line.add("magic", static_cast<int>(entry.magic()));
    line.add_text("compresscodec", codec_name(entry.codec_bits()));
    line.add("crc", entry.crc());
    line.add("isvalid", valid);
    return line;
}

class log_dump {
public:
    log_dump(dump_context& context, log_file log)
        : context_(context), log_(std::move(log)), end_(std::min(context.options.max_bytes, log_.size())),
          records_(context.options, context.output, context.found, log_.path()) {}

    void run() {
        entry_walk walk(log_, 0, end_);
        while (true) {
            const auto entry = walk.next();
            if (!entry)
                return context_.fail(entry.failure());
            if (!*entry)
                break;
            if (!show(**entry))
                return;
        }
        const auto trailing = end_ - walk.position();
        if (trailing > 0 && context_.options.max_bytes == dump_options::no_max_bytes)
            context_.output.line("Found " + std::to_string(trailing) + " invalid bytes at the end of " +
                                 log_.path().substr(log_.path().find_last_of('/') + 1));
    }

private:
    /// False when nothing more can be read.
    bool show(const log_entry& entry) {
        const auto valid = is_valid(log_, entry);
        if (!valid) {
            context_.fail(valid.failure());
            return false;
        }
        context_.output.facts(entry_line(entry, *valid));
        if (context_.options.shows_records())
            show_records(entry, *valid);
        return true;
    }

    /// What is wrong inside of a batch does not hide the batches behind it.
    void show_records(const log_entry& entry, bool valid) {
        if (!valid && entry.size() > damaged_bytes_max) {
            const error why{errc::corrupt_message,
                            "the CRC is wrong, and so may be the size; the records are not shown"};
            return context_.fail(at_byte(log_.path(), entry.position, why));
        }
        auto bytes = log_.copy(entry.position, entry.size());
        if (!bytes)
            return context_.fail(bytes.failure());
        const auto shown = entry.as_batch() != nullptr
                               ? records_.show(batch::batch_view{*bytes, *entry.as_batch()})
                               : records_.show(batch::message_view{*bytes, *entry.as_message()});
        if (!shown)
            context_.fail(at_byte(log_.path(), entry.position, shown.failure()));
    }

    dump_context& context_;
    log_file log_;
    std::uint64_t end_;
    record_lines records_;
};

} // namespace

void dump_context::fail(const error& why) {
    ++failures;
    output.complaint("Error: " + (why.detail.empty() ? to_string(why) : why.detail));
}

void dump_log(dump_context& context, const std::string& path) {
    const auto base = base_offset_of(path);
    if (!base)
        return context.fail(base.failure());
    auto log = log_file::open(context.files, path);
    if (!log)
        return context.fail(log.failure());
    context.output.line("Log starting offset: " + std::to_string(base->get()));
    log_dump(context, std::move(*log)).run();
}

} // namespace barnabas::replica::dump
