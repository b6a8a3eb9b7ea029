#pragma once

#include "actors/client/cluster/cluster_client.hpp"
#include "protocol/kafka/api_versions.hpp"
#include "protocol/kafka/find_coordinator.hpp"
#include "protocol/kafka/frame.hpp"
#include "protocol/kafka/metadata.hpp"
#include "tests/unit/actors/client/played_time.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace barnabas::client::test {

/// Brokers played by hand at the ends of a cluster client's connections: each answers what it is told to.
/// Time passes only when a test says so.
class played_cluster {
public:
    struct request {
        link_number link = 0;
        kafka::request_header header;
        slice body;

        kafka::api_key key() const { return kafka::api_key{header.request_api_key}; }
        template <class Message>
        Message as() const {
            kafka::wire_reader in(body);
            auto decoded = Message::decode(in, header.request_api_version);
            EXPECT_TRUE(decoded.has_value());
            return decoded ? *decoded : Message{};
        }
    };
    struct broker {
        std::int32_t id = 0;
        std::string host;
        std::int32_t port = 9092;
    };

    using keys = std::map<std::string, std::string>;
    explicit played_cluster(keys all = {}, std::uint64_t seed = 1, std::optional<std::int64_t> unreached = {})
        : client(settings_of(std::move(all), unreached), runtime::random(seed)) {}

    static client_settings settings_of(keys properties, std::optional<std::int64_t> unreached) {
        properties.try_emplace("bootstrap.servers", "one:9092");
        auto settings = read_settings(properties);
        EXPECT_TRUE(settings.has_value()) << settings.failure().detail;
        settings->unreached_ns = unreached;
        return *settings;
    }

    cluster_client client;
    monotonic_ns now{second};
    /// What was sent and not answered, in the order sent over all links.
    std::deque<request> requests;
    std::map<std::string, link_number> wanted; ///< links that want a connection, by address
    std::set<link_number> open;
    std::vector<std::string> troubles;
    std::vector<std::string> nonsense; ///< what would be logged of peers that speak no Kafka
    std::vector<broker> brokers{{1, "one"}};
    std::int32_t controller = 1;
    std::map<std::string, std::vector<std::int32_t>> topics; ///< to their leaders, by partition
    std::int32_t leader_epoch = 1;
    /// The first byte of their ids; the others are zero. All zero: a cluster that knows no ids yet.
    std::uint8_t topic_id_byte = 7;
    kafka::error_code absent_topic = kafka::error_code::unknown_topic_or_partition;
    std::int16_t served_up_to = 99; ///< the versions that brokers serve of every api

    template <class Event>
    void step(const Event& event) {
        cluster_effects out;
        event(out);
        for (auto& [link, wants] : out.links)
            carry_out(link, wants);
        for (const auto link : out.ended)
            forget(link);
        troubles.insert(troubles.end(), out.troubles.begin(), out.troubles.end());
        for (const auto& call : out.finished)
            call->on_finished();
    }
    void submit(std::unique_ptr<cluster_call> call, std::optional<std::int64_t> timeout_ns = {}) {
        step([&](cluster_effects& out) { client.submit(std::move(call), timeout_ns, now, out); });
    }
    /// The broker at this address takes the connection and tells its versions.
    void connect(const std::string& address) {
        const auto link = accept(address);
        tell_versions(take(kafka::api_key::api_versions, link));
    }
    link_number accept(const std::string& address) {
        const auto found = wanted.find(address);
        EXPECT_NE(found, wanted.end()) << "no connection to " << address << " is wanted";
        if (found == wanted.end())
            return 0;
        const auto link = found->second;
        wanted.erase(found);
        open.insert(link);
        step([&](cluster_effects& out) { client.on_connected(link, now, out); });
        return link;
    }
    void refuse(const std::string& address, errc code = errc::connection_refused) {
        const auto found = wanted.find(address);
        ASSERT_NE(found, wanted.end()) << "no connection to " << address << " is wanted";
        const auto link = found->second;
        wanted.erase(found);
        step([&](cluster_effects& out) {
            client.on_disconnected(link, {code, "nobody is there"}, now, out);
        });
    }
    void hang_up(link_number link) {
        forget(link);
        step([&](cluster_effects& out) {
            client.on_disconnected(link, {errc::network_exception, "the broker closed the connection"}, now,
                                   out);
        });
    }
    void bytes(link_number link, std::span<const std::byte> some) {
        step([&](cluster_effects& out) { client.on_bytes(link, some, now, out); });
    }
    /// Time passes in steps of the client's own timers.
    void pass(std::int64_t ns) {
        const auto until = now + ns;
        while (true) {
            const auto due = client.deadline();
            const bool stop = due == monotonic_ns{} || due > until;
            now = stop ? until : std::max(due, now);
            step([&](cluster_effects& out) { client.on_timer(now, out); });
            if (stop)
                return;
        }
    }
    /// The next request of that kind, of `link` if it is given.
    request take(kafka::api_key key, link_number link = 0) {
        for (auto at = requests.begin(); at != requests.end(); ++at)
            if (at->key() == key && (link == 0 || at->link == link)) {
                auto found = *at;
                requests.erase(at);
                return found;
            }
        ADD_FAILURE() << "nobody asked for " << kafka::name_of(key);
        return {};
    }
    bool has(kafka::api_key key) const {
        return std::any_of(requests.begin(), requests.end(),
                           [key](const auto& one) { return one.key() == key; });
    }
    template <class Message>
    void answer(const request& to, const Message& with) {
        const auto frame =
            join(kafka::frame_response(to.header.correlation_id, with, to.header.request_api_version));
        bytes(to.link, frame.bytes());
    }
    void tell_versions(const request& to) {
        kafka::api_versions_response versions;
        for (std::int16_t key = 0; key < 90; ++key)
            versions.api_keys.push_back({key, 0, served_up_to, {}});
        answer(to, versions);
    }
    /// All topics have one id; asked by it, the first is told.
    kafka::metadata_response metadata(const request& asked) const {
        kafka::metadata_response said;
        for (const auto& one : brokers) {
            auto& entry = said.brokers.emplace_back();
            entry.node_id = one.id;
            entry.host = one.host;
            entry.port = one.port;
        }
        said.controller_id = controller;
        const auto wishes = asked.as<kafka::metadata_request>().topics;
        for (const auto& [name, leaders] : wishes ? decltype(topics){} : topics)
            describe(said, name);
        for (const auto& wish : wishes.value_or(decltype(wishes)::value_type{}))
            describe(said, wish.name ? *wish.name : topics.begin()->first);
        return said;
    }
    void tell_metadata() {
        const auto asked = take(kafka::api_key::metadata);
        answer(asked, metadata(asked));
    }
    std::string address_of(const request& one) const {
        const auto* at = client.address_of(one.link);
        return at == nullptr ? "" : to_string(*at);
    }

private:
    void describe(kafka::metadata_response& said, const std::string& name) const {
        auto& entry = said.topics.emplace_back();
        entry.name = name;
        const auto found = topics.find(name);
        entry.error_code = kafka::wire_value(found == topics.end() ? absent_topic : kafka::error_code::none);
        if (found == topics.end())
            return;
        entry.topic_id.bytes[0] = topic_id_byte;
        for (std::size_t index = 0; index < found->second.size(); ++index) {
            auto& partition = entry.partitions.emplace_back();
            partition.partition_index = static_cast<std::int32_t>(index);
            partition.leader_id = found->second[index];
            partition.leader_epoch = leader_epoch;
            partition.replica_nodes = {1, 2, 3};
        }
    }
    void forget(link_number link) {
        open.erase(link);
        sent_.erase(link);
        std::erase_if(wanted, [&](const auto& one) { return one.second == link; });
        std::erase_if(requests, [&](const auto& one) { return one.link == link; });
    }
    void carry_out(link_number link, session_effects& wants) {
        if (wants.nonsense)
            nonsense.push_back(wants.nonsense->detail);
        if (wants.abort)
            forget(link);
        for (const auto& part : wants.writes) {
            EXPECT_TRUE(open.contains(link)) << "bytes for a link without a connection";
            sent_[link].insert(sent_[link].end(), part.bytes().begin(), part.bytes().end());
        }
        cut_requests(link);
        if (wants.connect)
            wanted[to_string(*client.address_of(link))] = link;
    }
    void cut_requests(link_number link) {
        auto& sent = sent_[link];
        while (sent.size() >= 4) {
            std::size_t length = 0;
            for (std::size_t i = 0; i < 4; ++i)
                length = (length << 8) | static_cast<std::size_t>(sent[i]);
            if (sent.size() < 4 + length)
                return;
            const auto frame = slice::copy_of(std::span<const std::byte>(sent).subspan(4, length));
            kafka::wire_reader in(frame);
            auto header = kafka::decode_request_header(in);
            ASSERT_TRUE(header.has_value());
            requests.push_back({link, *header, frame.from(in.position())});
            sent.erase(sent.begin(), sent.begin() + static_cast<std::ptrdiff_t>(4 + length));
        }
    }

    std::map<link_number, std::vector<std::byte>> sent_;
};

} // namespace barnabas::client::test
