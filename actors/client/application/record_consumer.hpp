#pragma once

#include "actors/client/application/properties.hpp"
#include "actors/client/consumer/consumer_types.hpp"
#include "protocol/model/error.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

/// Reading records as programs do it:
///
///     auto reader = barnabas::client::make_consumer({{"bootstrap.servers", "localhost:9092"},
///                                                    {"group.id", "billing"}});
///     reader->subscribe({"orders"});
///     while (running) {
///         auto records = reader->poll(std::chrono::seconds(1));
///         if (!records)
///             return complain(records.failure().detail);
///         for (const auto& one : *records)
///             handle(text_of(one.key), text_of(one.value));
///     }
namespace barnabas::client {

struct record_consumer_options {
    /// Called on the consumer's thread: a broker that cannot be reached, a topic that is not there, a
    /// callback that threw.
    std::function<void(const std::string& sentence)> on_trouble;
    /// Called before the consumer is there, on the thread that makes it, if there are any.
    unused_keys_listener on_unused_keys;
    /// Called within `poll`, on its thread. For `revoked` what was polled is committed already if
    /// enable.auto.commit is on; a program that commits by itself does so here. `poll` goes on if it throws.
    std::function<void(const rebalance_event& event)> on_rebalance;
};

/// A consumer of a cluster, with a thread of its own that fetches ahead and keeps its place in the group.
/// Used by one thread at a time, but for `wake_up`. A process forked from this one must not use or destroy
/// it. What callbacks throw ends there and is told by `on_trouble`. Errors have a code and a sentence:
///
/// | code | meaning |
/// |---|---|
/// | `invalid_request` | not now: the sentence says why |
/// | `invalid_topic`, `topic_authorization_failed` | of `poll`: a topic that was asked for by such a name |
/// | `offset_out_of_range` | no position, or one outside of the log, and auto.offset.reset is none: seek |
/// | `corrupt_message`, `invalid_record`, ... | the batch at the position is damaged: seek past it |
/// | `rebalance_in_progress`, `illegal_generation`, `unknown_member_id` | a commit came too late: see below |
/// | `stale_member_epoch` | the same |
/// | `fenced_instance_id`, `unreleased_instance_id` | another member has this group.instance.id |
/// | `invalid_regular_expression`, `unsupported_assignor` | the coordinator does not take it |
/// | `group_authorization_failed`, `topic_authorization_failed` | not allowed |
/// | `request_timed_out` | no answer in time; the sentence says how far it got |
/// | `closed` | the consumer was closed |
///
/// A commit that comes too late is of partitions that others have, or will: they read on from the last that
/// was committed.
class record_consumer {
public:
    using offsets = std::map<partition_name, committed_offset>;
    using commit_callback = std::function<void(const result<void>& said)>;

    record_consumer(record_consumer&&) noexcept;
    record_consumer& operator=(record_consumer&&) noexcept;
    /// Closes.
    ~record_consumer();

    /// These topics, or all that the pattern lets through, also later ones; partitions come by the group.
    result<void> subscribe(std::set<std::string> topics);
    /// A pattern that throws does not let the topic through.
    result<void> subscribe_matching(std::function<bool(const std::string& topic)> pattern);
    /// The same, where the coordinator looks at the pattern (RE2): needs group.protocol=consumer.
    result<void> subscribe_regex(std::string pattern);
    /// These partitions, without a group's help.
    result<void> assign(std::set<partition_name> partitions);
    void unsubscribe();

    /// Waits until there are records, at most so long; none is an empty set. The records before an error
    /// come first, then the error; one that only a seek can end is told by each poll that has nothing else.
    result<record_set> poll(std::chrono::milliseconds most);
    /// Ends a poll that waits, or the next one, with what is there. From any thread.
    void wake_up();

    /// All positions; or these offsets, each the next one to read. One below 0 is refused with
    /// `invalid_request`, and nothing is committed.
    result<void> commit();
    result<void> commit(offsets some);
    /// The same without waiting; `done` is called on the consumer's thread. Commits reach the group in the
    /// order of the calls.
    void commit_async(commit_callback done = nullptr);
    void commit_async(offsets some, commit_callback done = nullptr);
    /// What the group has committed of these; partitions without are not in the answer.
    result<offsets> committed(std::set<partition_name> partitions);

    result<void> seek(const partition_name& name, std::int64_t offset);
    /// To the first record at or after a time in ms, or one of `offset_times`; another time below 0 is
    /// refused with `invalid_request`.
    result<void> seek_to_time(const partition_name& name, std::int64_t time);
    result<void> pause(const partition_name& name);
    result<void> resume(const partition_name& name);
    std::set<partition_name> assignment();
    /// The next offset to read; nothing while it is unknown.
    std::optional<std::int64_t> position(const partition_name& name);
    /// How many offsets lie between the position and the end of the partition: its high watermark, or with
    /// read_committed the first offset of an open transaction. By what its leader told last, so nothing is
    /// asked; nothing while the position or the end is unknown, and of a partition that is not assigned.
    std::optional<std::int64_t> current_lag(const partition_name& name);
    /// Of an assigned partition, as its leader told last.
    std::optional<std::int64_t> high_watermark(const partition_name& name);

    /// Commits, with enable.auto.commit, leaves the group and closes the connections.
    void close();

private:
    struct parts;
    explicit record_consumer(std::unique_ptr<parts> made);
    friend result<record_consumer> make_consumer(const properties& keys, record_consumer_options options);
    void start_commit(std::optional<offsets> some, commit_callback done);

    std::unique_ptr<parts> parts_;
};

/// Starts a consumer; connections are made by what is asked of it. Codes: invalid_config (the detail names
/// the key, and for an unknown one the nearest that is known), internal.
result<record_consumer> make_consumer(const properties& keys, record_consumer_options options = {});

} // namespace barnabas::client
