#pragma once

#include "runtime/random/random.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

/// Which partition a record goes to when nobody said it. Keys go where every client of Kafka's sends them
/// (murmur2); records without a key stay with one partition until a batch is full (KIP-480, KIP-794).
namespace barnabas::client {

/// Of one partition, for those who may choose.
struct partition_load {
    bool has_leader = true;
    /// Batches that wait.
    std::uint32_t waiting = 0;
};

/// `count` is at least 1.
std::int32_t partition_of_key(std::string_view key, std::int32_t count);

/// One of the partitions that have a leader, or of all when none has. Adaptive: the longer its queue the less
/// likely, so that a slow broker gets less.
std::int32_t drawn_partition(std::span<const partition_load> partitions, bool adaptive,
                             runtime::random& draws);

/// The partition to which a topic's records without a key stick. Each gets about `batch_bytes` in turn, so
/// that over time they get the same bytes, whatever the sizes of records.
class sticky_choice {
public:
    explicit sticky_choice(std::size_t batch_bytes) : batch_bytes_(batch_bytes) {}

    /// None: one must be drawn.
    std::optional<std::int32_t> current() const { return current_; }
    void settle(std::int32_t partition) {
        current_ = partition;
        bytes_ = 0;
    }
    /// `closed`: no open batch is left that could take more.
    void on_appended(std::size_t bytes, bool closed) {
        bytes_ += bytes;
        if ((bytes_ >= batch_bytes_ && closed) || bytes_ >= 2 * batch_bytes_)
            current_.reset();
    }
    /// The open batch had no room for the next record, or its partition is gone.
    void on_full() { current_.reset(); }

private:
    std::size_t batch_bytes_;
    std::optional<std::int32_t> current_;
    std::size_t bytes_ = 0;
};

} // namespace barnabas::client
