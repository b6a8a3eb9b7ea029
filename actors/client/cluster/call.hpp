#pragma once

#include "actors/client/client_connection.hpp"
#include "protocol/kafka/error_codes.hpp"
#include "protocol/model/error.hpp"
#include "protocol/model/ids.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace barnabas::client {

/// Who answers: any broker, the controller, the leader of a partition, the coordinator of a group, or the
/// broker with a number.
struct call_target {
    enum class who { any, controller, leader, coordinator, broker };

    who kind = who::any;
    /// The topic of `leader`, the group of `coordinator`.
    std::string name;
    /// The partition of `leader`, the number of `broker`.
    std::int32_t number = -1;

    static call_target any() { return {}; }
    static call_target controller() { return {who::controller, {}, -1}; }
    static call_target leader(std::string topic, std::int32_t partition) {
        return {who::leader, std::move(topic), partition};
    }
    static call_target coordinator(std::string group) { return {who::coordinator, std::move(group), -1}; }
    static call_target broker(std::int32_t id) { return {who::broker, {}, id}; }
};
/// "the leader of orders-3", for people.
std::string to_string(const call_target& target);

/// What an answer says of one part of a call.
struct part_answer {
    std::size_t part = 0;
    kafka::error_code code = kafka::error_code::none;
    /// The broker's reason, if it gave one.
    std::string message;
};

struct call_answer {
    std::vector<part_answer> parts;
    /// How long the broker wants to be left alone.
    std::int64_t throttle_ms = 0;
};

/// A question to the cluster, in parts of which each goes to the broker that its target names; parts with
/// the same broker share a request. Every part gets one outcome: an answer without an error that `read` told
/// of, or `on_failed`.
class cluster_call {
public:
    virtual ~cluster_call() = default;

    /// Of the request, for people: "CreateTopics".
    virtual std::string_view name() const = 0;
    virtual std::size_t parts() const = 0;
    virtual call_target target(std::size_t part) const = 0;
    virtual std::size_t parts_per_request() const { return std::numeric_limits<std::size_t>::max(); }
    /// Asking twice is not the same as asking once: a late error may be about the call's own earlier attempt.
    virtual bool changes_something() const { return false; }
    /// False: no answer comes to its requests, and a part is done when it is sent.
    virtual bool is_answered() const { return true; }
    /// False: a part fails when its broker cannot be connected to, instead of waiting until it can be:
    /// whoever asks looks for another one.
    virtual bool waits_for_connection() const { return true; }
    /// Whether the error may pass by itself or at another broker, so that the part is asked again.
    virtual bool repeats(std::size_t part, kafka::error_code code) const = 0;

    /// Sends one request for these parts; the number of the request. The broker should answer within
    /// `wait_ms`, also if it has not finished. Code: unsupported_version.
    virtual result<std::uint64_t> send(client_connection& connection, std::span<const std::size_t> parts,
                                       std::int32_t wait_ms, monotonic_ns now) = 0;
    /// An error here means that the bytes are not what was asked for.
    virtual result<call_answer> read(const answer& got, std::span<const std::size_t> parts) = 0;
    virtual void on_failed(std::size_t part, const error& why) = 0;
    /// Every part has its outcome.
    virtual void on_finished() = 0;
};

/// In the project's terms; `internal` for what has no name in them.
errc errc_of(kafka::error_code code) noexcept;
/// The broker's words, or the code's name when it said nothing.
error error_of(kafka::error_code code, const std::string& message);

} // namespace barnabas::client
