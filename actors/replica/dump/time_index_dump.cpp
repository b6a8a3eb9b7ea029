#include "actors/replica/dump/entry_walk.hpp"
#include "actors/replica/dump/index_dump.hpp"
#include "actors/replica/dump/index_file.hpp"
#include "actors/replica/dump/record_lines.hpp"
#include "actors/replica/log/time_index.hpp"
#include "protocol/batch/big_endian.hpp"

#include <optional>

namespace barnabas::replica::dump {
namespace {

class time_index_dump {
public:
    time_index_dump(dump_context& context, index_file index) : context_(context), index_(std::move(index)) {}

    void run() {
        walk_.emplace(index_.log(), 0, index_.log().size());
        for (std::uint64_t number = 0; number < index_.entries(); ++number) {
            const auto bytes = index_.entry(number);
            if (!bytes)
                return context_.fail(bytes.failure());
            const auto entry = point_at(*bytes);
            // A preallocated index ends in zeros after a crash.
            if (entry.offset == index_.base() && number > 0)
                break;
            compare(number, entry);
            previous_ = entry;
            if (context_.options.verify_index_only)
                continue;
            fact_line line("entry");
            line.add("timestamp", entry.timestamp.get());
            line.add("offset", entry.offset.get());
            context_.output.facts(line);
        }
        index_.finish(context_);
    }

    void check_sanity() {
        const auto first = entry_at(0);
        const auto last = entry_at(index_.entries() == 0 ? 0 : index_.entries() - 1);
        if (!first || !last)
            return context_.fail(first ? last.failure() : first.failure());
        std::string why;
        if (!index_.has_whole_entries())
            why = "its size is no multiple of " + std::to_string(time_entry_size);
        else if (last->timestamp < first->timestamp)
            why = "its last timestamp is below its first";
        else if (index_.entries() > 0 && last->offset < index_.base())
            why = "its last offset is below the segment's base offset";
        index_.tell_sanity(context_, why);
    }

private:
    time_point point_at(std::span<const std::byte> bytes) const {
        return {timestamp_ms(batch::load_big_endian<std::int64_t>(bytes.data())),
                index_.offset_at(bytes.data() + 8)};
    }

    /// An empty index has no entry to complain about.
    result<time_point> entry_at(std::uint64_t number) {
        if (index_.entries() == 0)
            return time_point{};
        const auto bytes = index_.entry(number);
        if (!bytes)
            return bytes.failure();
        return point_at(*bytes);
    }

    /// Goes on to the first batch that ends at or behind the offset; none when the log has none.
    result<std::optional<log_entry>> find(log_offset offset) {
        while (!at_end_ && (!current_ || current_->last_offset() < offset)) {
            const auto next = walk_->next();
            at_end_ = !next || !*next;
            if (!next)
                return next.failure();
            current_ = *next;
        }
        return at_end_ ? std::optional<log_entry>{} : current_;
    }

    void compare(std::uint64_t number, const time_point& entry) {
        // The log is gone through once, so that a damaged index cannot make it be read a million times.
        if (previous_ && entry.offset < previous_->offset)
            return index_.fault(number, entry.offset,
                                "the entry before has offset " + std::to_string(previous_->offset.get()));
        const auto found = find(entry.offset);
        if (!found)
            return index_.fault(number, entry.offset, found.failure().detail);
        if (!*found || (*found)->last_offset() != entry.offset)
            return context_.found.add(finding::offset_not_found, index_.path(), entry.offset.get(),
                                      *found ? (*found)->last_offset().get() : -1);
        compare_timestamp(number, entry, **found);
    }

    void compare_timestamp(std::uint64_t number, const time_point& entry, const log_entry& found) {
        const auto largest = largest_in(found);
        if (!largest)
            return index_.fault(number, entry.offset,
                                at_byte(index_.log().path(), found.position, largest.failure()).detail);
        if (*largest != entry.timestamp)
            context_.found.add(finding::timestamp_mismatch, index_.path(), entry.timestamp.get(),
                               largest->get());
        const auto before = previous_ ? previous_->timestamp : no_timestamp;
        if (before >= entry.timestamp)
            context_.found.add(finding::timestamp_order, index_.path(), entry.timestamp.get(), before.get());
    }

    result<timestamp_ms> largest_in(const log_entry& entry) {
        auto valid = is_valid(index_.log(), entry);
        if (!valid)
            return valid.failure();
        // Without it the size may be wrong, too, and so the memory that the batch would take.
        if (!*valid)
            return error{errc::corrupt_message, "the CRC of the batch is wrong"};
        auto bytes = index_.log().copy(entry.position, entry.size());
        if (!bytes)
            return bytes.failure();
        return entry.as_batch() != nullptr
                   ? largest_timestamp(batch::batch_view{*bytes, *entry.as_batch()})
                   : largest_timestamp(batch::message_view{*bytes, *entry.as_message()});
    }

    dump_context& context_;
    index_file index_;
    std::optional<entry_walk> walk_;
    std::optional<log_entry> current_;
    std::optional<time_point> previous_;
    bool at_end_ = false;
};

} // namespace

void dump_time_index(dump_context& context, const std::string& path) {
    auto index = index_file::open(context, path, time_entry_size);
    if (!index)
        return;
    time_index_dump dump(context, std::move(*index));
    return context.options.index_sanity_check ? dump.check_sanity() : dump.run();
}

} // namespace barnabas::replica::dump
