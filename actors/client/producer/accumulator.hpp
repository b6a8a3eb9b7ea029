#pragma once

#include "actors/client/producer/partitioner.hpp"
#include "actors/client/producer/producer_batch.hpp"
#include "actors/client/producer/producer_settings.hpp"
#include "runtime/random/random.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace barnabas::client {

/// A record that will not be sent, and who waits for it.
struct dropped_record {
    std::string topic;
    delivery_callback call;
    error why;
};

/// Gathers records into batches, one open batch for each partition, until they are full or waited for
/// linger.ms; bounds what waits by buffer.memory. Records for a topic of which nobody knows yet how many
/// partitions it has wait beside. Once taken, no record is given back for want of room: `append` alone says
/// that there is none. A machine; programs call `append` from their threads, under a lock that is not its
/// business.
///
/// Charged are batches as large as they are made (batch.size, or their one record), and records that wait
/// beside with the bytes of a batch of their own. The sum stays within buffer.memory, or within batch.size if
/// that is more: one batch may always be there. While the records that waited come into batches, each of the
/// topic's partitions may have one batch.size beyond it. Not charged: callbacks, and the nodes of lists.
class record_accumulator {
public:
    record_accumulator(const producer_settings& settings, const runtime::random& draws);

    enum class verdict { taken, full, refused };
    struct appended {
        verdict what = verdict::taken;
        /// The sender has something to do that it did not have before.
        bool wake = false;
        error why{errc::ok, {}};
    };
    /// `call` is kept only when the record was taken; it may be empty. Codes: throttled (the buffer is full:
    /// again later), message_too_large, invalid_topic, unknown_topic_or_partition (the topic has no such
    /// partition), closed.
    appended append(const producer_record& record, delivery_callback& call, monotonic_ns now,
                    timestamp_ms wall);

    /// Topics that records wait for.
    std::vector<std::string> topics_wanted() const;
    /// Which partitions the topic has, and which of them have a leader. Those that waited for it come into
    /// batches; what names a partition that is not there is dropped. A topic that was made anew may have
    /// fewer: no record goes to the others any more, and what lies there stays until its deadline.
    void on_topic(const std::string& name, const std::vector<bool>& leaders,
                  std::vector<dropped_record>& dropped);

    /// The cluster will not have this topic, or not for this client: what waits for it is dropped.
    void on_refused(const std::string& name, const error& why, std::vector<dropped_record>& dropped);

    /// Forgets topics that had no record for metadata.max.idle.ms and have none here.
    void forget_idle(monotonic_ns now);
    bool knows(std::string_view topic) const { return topics_.contains(topic); }

    /// How many batches of a partition the sender can take.
    using room_for = std::function<std::size_t(const std::string& topic, std::int32_t partition)>;
    /// Batches that are full, or waited long enough, in order within each partition.
    std::vector<std::unique_ptr<producer_batch>> take(const room_for& room, monotonic_ns now);
    /// Batches beyond their deadline, and records whose topic nobody knew for max.block.ms; `reason` says
    /// why.
    void expire(monotonic_ns now, const std::function<std::string(const std::string& topic)>& reason,
                std::vector<std::unique_ptr<producer_batch>>& batches, std::vector<dropped_record>& dropped);
    /// When something gets ready or expires; zero for never.
    monotonic_ns deadline(monotonic_ns now) const;

    /// Everything that is there is ready, whatever linger.ms says. Returns a number: all batches with lower
    /// ones were made before.
    std::uint64_t flush();
    bool has_batches_below(std::uint64_t number) const;
    /// No record is taken any more.
    void close() noexcept { closed_ = true; }
    bool is_closed() const noexcept { return closed_; }
    /// Takes out everything.
    void clear(const error& why, std::vector<std::unique_ptr<producer_batch>>& batches,
               std::vector<dropped_record>& dropped);

    void release(std::size_t bytes) noexcept {
        give_back(bytes);
        starved_ = starved_ && bytes == 0;
    }
    std::size_t charged() const noexcept { return charged_; }
    /// Something was given back since the last call: whoever waits for room may look again.
    bool take_given_back() noexcept { return std::exchange(given_back_, false); }
    bool empty() const;

private:
    /// When and as what a record came.
    struct arrival {
        monotonic_ns now;
        timestamp_ms wall;
        /// In a batch of its own.
        std::size_t bytes = 0;
        /// Of a record that waited for its topic: what `flush` counts by.
        std::uint64_t number = 0;
    };
    /// A record whose topic is not known yet, with bytes of its own.
    struct waiting_record {
        struct header {
            std::string key;
            std::optional<std::string> value;
        };
        std::optional<std::string> key;
        std::optional<std::string> value;
        std::vector<header> headers;
        std::optional<std::int32_t> partition;
        arrival at;
        delivery_callback call;
    };
    /// Partitions with batches come by when their first one was made. What was made later has a higher
    /// number, is ready later and expires later.
    using batch_age = std::pair<monotonic_ns, std::uint64_t>;
    struct partition_records;
    using partitions_by_age = std::map<batch_age, partition_records*>;
    struct partition_records {
        std::deque<std::unique_ptr<producer_batch>> batches;
        bool has_leader = true;
        /// Where it stands; null without batches.
        partitions_by_age* listed_in = nullptr;
        batch_age listed_as;
    };
    struct topic_records {
        explicit topic_records(std::size_t batch_bytes) : sticky(batch_bytes) {}

        /// Zero while nobody knows.
        std::size_t count = 0;
        /// Those beyond `count` were there once.
        std::deque<partition_records> partitions;
        sticky_choice sticky;
        /// Records that took their turn, of a round-robin producer.
        std::uint64_t turns = 0;
        std::deque<waiting_record> waiting;
        /// When the last record came.
        monotonic_ns used_at{};
    };
    using topics_map = std::map<std::string, topic_records, std::less<>>;

    topics_map::value_type& topic_of(std::string_view name);
    std::optional<error> find_fault(const producer_record& record, std::size_t bytes) const;
    appended put_aside(topics_map::value_type& topic, const producer_record& record, delivery_callback& call,
                       const arrival& at);
    appended put(topics_map::value_type& topic, const producer_record& record, delivery_callback& call,
                 const arrival& at);
    producer_batch* append_to_open(topic_records& topic, std::int32_t where, const producer_record& record,
                                   timestamp_ms wall, bool& filled);
    producer_batch* open(topics_map::value_type& topic, std::int32_t where, const producer_record& record,
                         const arrival& at);
    void give_back(std::size_t bytes) noexcept {
        charged_ -= bytes;
        given_back_ = given_back_ || bytes != 0;
    }
    void trim(producer_batch& batch);
    void trim_until_it_fits(topic_records& topic);
    std::int32_t choose(topic_records& topic, const producer_record& record);
    static std::int32_t next_in_turn(const topic_records& topic);
    std::int32_t draw(topic_records& topic);
    bool may_charge(std::size_t bytes) const;
    bool is_ready(const producer_batch& batch, bool is_last, monotonic_ns now) const;
    bool has_ready(const partition_records& partition, monotonic_ns now) const;
    void list(partition_records& partition);
    std::unique_ptr<producer_batch> take_first(partition_records& partition);
    void expire_waiting(monotonic_ns now, const std::function<std::string(const std::string& topic)>& reason,
                        std::vector<dropped_record>& dropped);

    const producer_settings settings_;
    runtime::random draws_;
    topics_map topics_;
    /// Whose first batch takes no more records, and whose only batch still does.
    partitions_by_age complete_;
    partitions_by_age open_;
    /// Topics that records wait for, by name.
    std::map<std::string_view, topics_map::value_type*> unknown_;
    std::size_t charged_ = 0;
    bool given_back_ = false;
    std::uint64_t next_number_ = 1;
    /// Batches below this one do not linger.
    std::uint64_t flushed_below_ = 0;
    /// There was no room for a record: nothing lingers until there is.
    bool starved_ = false;
    bool closed_ = false;
};

} // namespace barnabas::client
