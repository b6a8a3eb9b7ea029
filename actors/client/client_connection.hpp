#pragma once

#include "protocol/kafka/api_key.hpp"
#include "protocol/kafka/frame.hpp"
#include "protocol/model/error.hpp"
#include "protocol/model/ids.hpp"
#include "protocol/model/slice.hpp"
#include "runtime/memory/chunk_pool.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace barnabas::client {

struct connection_options {
    std::string client_id = "barnabas";
    std::int64_t request_timeout_ns = 10'000'000'000;
    /// Where the memory of answers comes from; null for the heap.
    std::shared_ptr<runtime::chunk_pool> frames{};
};

/// What came back for one request: the body behind the response header, in the version of the request.
struct answer {
    std::uint64_t request = 0;
    kafka::api_key key{};
    std::int16_t version = 0;
    slice body;

    template <class Message>
    result<Message> decode() const {
        kafka::wire_reader in(body);
        return Message::decode(in, version);
    }
};

/// One connection to a broker: frames, correlation ids, the handshake of versions, request timeouts.
/// Guarantees: requests leave in the order sent; answers come in that order, at most one per request; when
/// the connection breaks no answer follows, and whatever is unanswered is void. A machine: bytes in, bytes
/// and answers out.
class client_connection {
public:
    explicit client_connection(connection_options options) : options_(std::move(options)) {}

    /// A stream is open: everything of an earlier one is forgotten, and ApiVersions is sent.
    void on_connected(monotonic_ns now);
    void on_bytes(std::span<const std::byte> bytes, monotonic_ns now);
    /// Where the stream is to put what comes next: the rest of a long answer goes to where it stays, and
    /// `on_bytes` finds it there.
    struct wanted_read {
        std::shared_ptr<chunk> into; ///< null: the stream allocates when bytes are there
        std::size_t at = 0;
        std::size_t max = 0;
    };
    wanted_read next_read() const;
    void on_timer(monotonic_ns now);
    /// The stream is gone.
    void on_disconnected();

    /// The versions are known and nothing is broken: requests may be sent.
    bool is_ready() const noexcept { return connected_ && versions_known_ && !broken_; }
    /// The highest version of `Message` that both sides have, at most `highest`; nothing when there is none.
    template <class Message>
    std::optional<std::int16_t> version_for(std::int16_t highest = Message::highest_version) const {
        return common_version(Message::api_key, Message::lowest_version,
                              std::min(highest, Message::highest_version));
    }
    /// Sends a request and answers its number. `extra_wait_ns`: how long the broker may hold it on purpose.
    template <class Message>
    std::uint64_t send(const Message& message, std::int16_t version, monotonic_ns now,
                       std::int64_t extra_wait_ns = 0) {
        write(kafka::frame_request(next_correlation_, options_.client_id, message, version));
        return remember(kafka::api_key{Message::api_key}, version,
                        now + (options_.request_timeout_ns + extra_wait_ns));
    }
    /// The same for a request that the broker does not answer (Produce with acks 0).
    template <class Message>
    void send_unanswered(const Message& message, std::int16_t version) {
        write(kafka::frame_request(next_correlation_++, options_.client_id, message, version));
    }

    /// The peer does not speak as it should: the connection is to be given up.
    void give_up(error why);

    // What the owner carries out after each event.
    std::vector<slice> take_writes() { return std::exchange(writes_, {}); }
    std::vector<answer> take_answers() { return std::exchange(answers_, {}); }
    /// Why the stream must be aborted, if it must. `invalid_config`: what answers there is no broker, and
    /// will be none: a TLS or HTTP server.
    const std::optional<error>& broken() const noexcept { return broken_; }
    /// When `on_timer` is due; zero for never.
    monotonic_ns deadline() const;
    std::size_t in_flight() const noexcept { return waiting_.size(); }

private:
    struct waiting_request {
        std::uint64_t number;
        std::int32_t correlation_id;
        kafka::api_key key;
        std::int16_t version;
        monotonic_ns deadline;
    };

    void write(std::vector<slice> frame);
    std::uint64_t remember(kafka::api_key key, std::int16_t version, monotonic_ns deadline);
    std::optional<std::int16_t> common_version(std::int16_t key, std::int16_t low, std::int16_t high) const;
    bool begin_frame(std::span<const std::byte>& bytes);
    void on_frame(const slice& frame, monotonic_ns now);
    void on_api_versions(const answer& versions, monotonic_ns now);
    void ask_versions(std::int16_t version, monotonic_ns now);

    connection_options options_;
    bool connected_ = false;
    bool versions_known_ = false;
    std::map<std::int16_t, std::pair<std::int16_t, std::int16_t>> versions_;
    /// The front of a response: its length, as far as it is there.
    std::array<std::byte, 4> length_{};
    std::size_t length_bytes_ = 0;
    /// The rest, once the length is known: each byte is copied at most once, to where it stays.
    std::shared_ptr<chunk> frame_;
    std::size_t frame_size_ = 0;
    std::size_t frame_bytes_ = 0;
    std::deque<waiting_request> waiting_;
    std::int32_t next_correlation_ = 1;
    std::uint64_t next_number_ = 1;
    std::vector<slice> writes_;
    std::vector<answer> answers_;
    std::optional<error> broken_;
};

} // namespace barnabas::client
