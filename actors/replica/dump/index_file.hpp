#pragma once

#include "actors/replica/dump/log_dump.hpp"
#include "actors/replica/dump/log_file.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace barnabas::replica::dump {

/// An index, its log, and what is wrong with single entries: the first such fault is told, the rest counted,
/// for a damaged index has thousands.
class index_file {
public:
    /// A failure to open either is told; then there is none. A sanity check needs no log.
    static std::optional<index_file> open(dump_context& context, const std::string& path,
                                          std::size_t entry_size);

    const std::string& path() const { return index_.path(); }
    log_offset base() const { return base_; }
    log_file& log() { return *log_; }
    /// Whole entries; bytes behind the last one do not count.
    std::uint64_t entries() const { return index_.size() / entry_size_; }
    bool has_whole_entries() const { return index_.size() % entry_size_ == 0; }
    result<std::span<const std::byte>> entry(std::uint64_t number) {
        return index_.at(number * entry_size_, entry_size_);
    }
    /// The base offset plus an entry's relative one.
    log_offset offset_at(const std::byte* relative) const;

    void fault(std::uint64_t number, log_offset offset, const std::string& why);
    /// Tells the faults, if there were any.
    void finish(dump_context& context) const;
    /// The outcome of the sanity check; `why` says what is wrong, or is empty.
    void tell_sanity(dump_context& context, const std::string& why) const;

private:
    index_file(log_file index, log_offset base, std::size_t entry_size)
        : index_(std::move(index)), base_(base), entry_size_(entry_size) {}

    log_file index_;
    std::optional<log_file> log_;
    log_offset base_;
    std::size_t entry_size_;
    std::string first_fault_;
    std::uint64_t faults_ = 0;
};

} // namespace barnabas::replica::dump
