#pragma once

#include "actors/client/admin/admin_types.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// What a consumer gives to programs. Nothing here needs more than the standard library.
namespace barnabas::client {

struct consumed_header {
    std::string_view key;
    std::optional<std::span<const std::byte>> value;
};

/// What a record's timestamp is: the producer's, or the broker's when it wrote the record.
enum class record_time : std::int8_t { none = -1, created = 0, appended = 1 };

/// One record, as a view into the bytes that were fetched: it lives as long as its `record_set`.
struct consumed_record {
    const partition_name* where = nullptr;
    std::int64_t offset = -1;
    /// Milliseconds since 1970.
    std::int64_t timestamp = -1;
    record_time time = record_time::none;
    /// Of the leader that wrote it; -1 when the batch has none.
    std::int32_t leader_epoch = -1;
    std::optional<std::span<const std::byte>> key;
    std::optional<std::span<const std::byte>> value;
    /// Place of its headers in the set; `record_set::headers_of` has them.
    std::uint32_t first_header = 0;
    std::uint32_t header_count = 0;
};

/// The text of a key or value; `absent` for Kafka's null.
inline std::string_view text_of(const std::optional<std::span<const std::byte>>& bytes,
                                std::string_view absent = {}) {
    if (!bytes)
        return absent;
    return {reinterpret_cast<const char*>(bytes->data()), bytes->size()};
}

/// What one poll gave: records of any partitions, those of one partition in the order of their offsets. Holds
/// the memory that they lie in. Can be moved, not copied.
class record_set {
public:
    record_set() = default;
    record_set(record_set&&) = default;
    record_set& operator=(record_set&&) = default;

    auto begin() const { return records_.begin(); }
    auto end() const { return records_.end(); }
    std::size_t size() const noexcept { return records_.size(); }
    bool empty() const noexcept { return records_.empty(); }
    const consumed_record& operator[](std::size_t at) const { return records_[at]; }
    std::span<const consumed_header> headers_of(const consumed_record& record) const {
        return std::span(headers_).subspan(record.first_header, record.header_count);
    }

    // For the consumer, which fills it.
    void add(consumed_record record) { records_.push_back(std::move(record)); }
    void add_header(consumed_header header) { headers_.push_back(std::move(header)); }
    std::size_t header_count() const noexcept { return headers_.size(); }
    /// Keeps this alive as long as the set.
    void hold(std::shared_ptr<const void> memory) { held_.push_back(std::move(memory)); }
    void make_room(std::size_t records) { records_.reserve(records); }

private:
    std::vector<consumed_record> records_;
    std::vector<consumed_header> headers_;
    std::vector<std::shared_ptr<const void>> held_;
};

/// What a group gives to a member, or takes.
struct rebalance_event {
    enum class kind {
        assigned, ///< these are new
        revoked,  ///< these go to others: finish and commit now
        lost,     ///< others may have them already: a commit would be refused
    };
    kind what = kind::assigned;
    std::vector<partition_name> partitions;
};

} // namespace barnabas::client
