#include "actors/replica/dump/entry_walk.hpp"
#include "actors/replica/dump/index_dump.hpp"
#include "actors/replica/dump/index_file.hpp"
#include "actors/replica/log/offset_index.hpp"
#include "protocol/batch/big_endian.hpp"

#include <algorithm>

namespace barnabas::replica::dump {
namespace {

class offset_index_dump {
public:
    offset_index_dump(dump_context& context, index_file index)
        : context_(context), index_(std::move(index)) {}

    void run() {
        for (std::uint64_t number = 0; number < index_.entries(); ++number) {
            const auto bytes = index_.entry(number);
            if (!bytes)
                return context_.fail(bytes.failure());
            const auto offset = index_.offset_at(bytes->data());
            const auto position = batch::load_big_endian<std::int32_t>(bytes->data() + 4);
            // A preallocated index ends in zeros after a crash; that of an empty log has nothing else.
            if (offset == index_.base() && (number > 0 || index_.log().size() == 0))
                break;
            compare(number, offset, position);
            if (context_.options.verify_index_only)
                continue;
            fact_line line("entry");
            line.add("offset", offset.get());
            line.add("position", position);
            context_.output.facts(line);
        }
        index_.finish(context_);
    }

    void check_sanity() {
        std::string why;
        const auto last = index_.entry(index_.entries() - 1);
        if (!last)
            return context_.fail(last.failure());
        if (!index_.has_whole_entries())
            why = "its size is no multiple of " + std::to_string(offset_entry_size);
        else if (index_.offset_at(last->data()) <= index_.base())
            why = "its last entry is not above the segment's base offset";
        index_.tell_sanity(context_, why);
    }

private:
    void compare(std::uint64_t number, log_offset offset, std::int32_t position) {
        auto& log = index_.log();
        const auto where = " begins at byte " + std::to_string(position) + " of the log";
        if (position < 0 || static_cast<std::uint64_t>(position) >= log.size())
            return index_.fault(number, offset,
                                "no batch" + where + ", which has " + std::to_string(log.size()) + " bytes");
        const auto from = static_cast<std::uint64_t>(position);
        const auto room = std::min(context_.options.max_message_size, log.size() - from);
        const auto entry = entry_walk(log, from, from + room).next();
        if (!entry)
            return index_.fault(number, offset, entry.failure().detail);
        if (!*entry)
            return index_.fault(number, offset,
                                "no whole batch of at most " + std::to_string(room) + " bytes" + where);
        if ((*entry)->last_offset() != offset)
            context_.found.add(finding::offset_mismatch, index_.path(), offset.get(),
                               (*entry)->last_offset().get());
    }

    dump_context& context_;
    index_file index_;
};

} // namespace

void dump_offset_index(dump_context& context, const std::string& path) {
    auto index = index_file::open(context, path, offset_entry_size);
    if (!index)
        return;
    if (index->entries() == 0)
        return context.output.line(path + " is empty.");
    offset_index_dump dump(context, std::move(*index));
    return context.options.index_sanity_check ? dump.check_sanity() : dump.run();
}

} // namespace barnabas::replica::dump
