#pragma once

#include "actors/client/client_session.hpp"
#include "protocol/kafka/api_versions.hpp"
#include "protocol/kafka/fetch.hpp"
#include "protocol/kafka/frame.hpp"
#include "protocol/kafka/init_producer_id.hpp"
#include "protocol/kafka/list_offsets.hpp"
#include "protocol/kafka/metadata.hpp"
#include "protocol/kafka/produce.hpp"
#include "tests/unit/actors/client/played_time.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace barnabas::client::test {

/// The broker's end of a client's stream, played by hand: takes the client's frames, answers what it is told
/// to.
class played_broker {
public:
    explicit played_broker(client_role& role, client_connection& connection)
        : connection_(connection), session_(connection, role, runtime::random(1)) {}

    struct request {
        kafka::request_header header;
        slice body;
        template <class Message>
        Message as() const {
            kafka::wire_reader in(body);
            auto decoded = Message::decode(in, header.request_api_version);
            EXPECT_TRUE(decoded.has_value());
            return *decoded;
        }
    };

    monotonic_ns now{second};
    std::deque<request> requests;
    bool connect_wanted = false;
    bool aborted = false;
    std::optional<error> nonsense;

    template <class Event>
    void step(const Event& event) {
        session_effects out;
        event(out);
        connect_wanted = connect_wanted || out.connect;
        aborted = aborted || out.abort;
        nonsense = out.nonsense ? out.nonsense : nonsense;
        for (const auto& part : out.writes)
            sent_.insert(sent_.end(), part.bytes().begin(), part.bytes().end());
        cut_requests();
    }
    void start() {
        step([&](session_effects& out) { session_.on_start(now, out); });
    }
    void connected() {
        connect_wanted = false;
        sent_.clear();
        step([&](session_effects& out) { session_.on_connected(now, out); });
    }
    void disconnected() {
        step([&](session_effects& out) { session_.on_disconnected(now, out); });
    }
    void work() {
        step([&](session_effects& out) { session_.on_work(now, out); });
    }
    void bytes(std::span<const std::byte> some) {
        step([&](session_effects& out) { session_.on_bytes(some, now, out); });
    }
    void pass(std::int64_t ns) {
        now = now + ns;
        step([&](session_effects& out) { session_.on_timer(now, out); });
    }
    monotonic_ns deadline() const { return session_.deadline(); }

    request take(kafka::api_key key) {
        EXPECT_FALSE(requests.empty());
        if (requests.empty())
            return {};
        auto front = requests.front();
        requests.pop_front();
        EXPECT_EQ(front.header.request_api_key, static_cast<std::int16_t>(key));
        return front;
    }
    template <class Message>
    void answer(const request& to, const Message& with) {
        const auto frame =
            join(kafka::frame_response(to.header.correlation_id, with, to.header.request_api_version));
        bytes(frame.bytes());
    }

    /// Connected, with the newest versions of everything.
    void come_up() {
        start();
        connected();
        kafka::api_versions_response versions;
        for (const std::int16_t key :
             std::initializer_list<std::int16_t>{0, 1, 2, 3, 8, 9, 10, 18, 19, 22, 68})
            versions.api_keys.push_back({key, 0, 99, {}});
        answer(take(kafka::api_key::api_versions), versions);
    }
    void tell_topic(const std::string& name, std::int32_t partitions) { tell_topic(name, partitions, id()); }
    void tell_topic(const std::string& name, std::int32_t partitions, const topic_id& as) {
        kafka::metadata_response said;
        auto& topic = said.topics.emplace_back();
        topic.name = name;
        topic.topic_id = as;
        for (std::int32_t index = 0; index < partitions; ++index)
            topic.partitions.emplace_back().partition_index = index;
        answer(take(kafka::api_key::metadata), said);
    }
    static topic_id id(std::uint8_t number = 7) {
        topic_id made;
        made.bytes[0] = number;
        return made;
    }

private:
    void cut_requests() {
        while (sent_.size() >= 4) {
            std::size_t length = 0;
            for (std::size_t i = 0; i < 4; ++i)
                length = (length << 8) | static_cast<std::size_t>(sent_[i]);
            if (sent_.size() < 4 + length)
                return;
            const auto frame = slice::copy_of(std::span<const std::byte>(sent_).subspan(4, length));
            kafka::wire_reader in(frame);
            auto header = kafka::decode_request_header(in);
            ASSERT_TRUE(header.has_value());
            requests.push_back({*header, frame.from(in.position())});
            sent_.erase(sent_.begin(), sent_.begin() + static_cast<std::ptrdiff_t>(4 + length));
        }
    }

    client_connection& connection_;
    client_session session_;
    std::vector<std::byte> sent_;
};

} // namespace barnabas::client::test
