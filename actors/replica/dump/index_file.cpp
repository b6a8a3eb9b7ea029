#include "actors/replica/dump/index_file.hpp"

#include "actors/replica/log/segment.hpp"
#include "protocol/batch/big_endian.hpp"

namespace barnabas::replica::dump {

std::optional<index_file> index_file::open(dump_context& context, const std::string& path,
                                           std::size_t entry_size) {
    const auto base = base_offset_of(path);
    if (!base) {
        context.fail(base.failure());
        return std::nullopt;
    }
    auto index = log_file::open(context.files, path);
    if (!index) {
        context.fail(index.failure());
        return std::nullopt;
    }
    index_file opened(std::move(*index), *base, entry_size);
    if (context.options.index_sanity_check)
        return opened;
    auto log = log_file::open(context.files, beside(path, log_suffix));
    if (!log) {
        context.fail({log.code(), path + " cannot be compared with its log: " + log.failure().detail});
        return std::nullopt;
    }
    opened.log_.emplace(std::move(*log));
    return opened;
}

log_offset index_file::offset_at(const std::byte* relative) const {
    // A name may hold the largest offset of all, and damaged entries any number: the sum wraps.
    const auto sum = static_cast<std::uint64_t>(base_.get()) +
                     static_cast<std::uint64_t>(std::int64_t{batch::load_big_endian<std::int32_t>(relative)});
    return log_offset(static_cast<std::int64_t>(sum));
}

void index_file::fault(std::uint64_t number, log_offset offset, const std::string& why) {
    if (faults_++ == 0)
        first_fault_ = path() + ": entry " + std::to_string(number) + " (offset " +
                       std::to_string(offset.get()) + "): " + why;
}

void index_file::finish(dump_context& context) const {
    if (faults_ == 0)
        return;
    const auto more = faults_ == 1 ? "" : "; so or like it " + std::to_string(faults_ - 1) + " more entries";
    context.fail({errc::malformed, first_fault_ + more});
}

void index_file::tell_sanity(dump_context& context, const std::string& why) const {
    if (why.empty())
        return context.output.line(path() + " passed sanity check.");
    context.fail({errc::malformed, path() + " failed the sanity check: " + why +
                                       "; it is built anew when a broker that was killed starts on it"});
}

} // namespace barnabas::replica::dump
