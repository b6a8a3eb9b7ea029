#include "fuzz/fuzz.hpp"

#include "actors/client/consumer.hpp"
#include "actors/client/producer.hpp"
#include "actors/client/topic_admin.hpp"
#include "protocol/kafka/api_versions.hpp"
#include "protocol/kafka/frame.hpp"

#include <initializer_list>
#include <map>
#include <string>
#include <vector>

/// Responses as our clients read them. The first byte chooses producer, consumer or admin; then come answers:
/// two bytes of size and the body, which is framed with the header that the oldest request without an answer
/// waits for. A size with its highest bit set is sent as it is, without a frame. Between answers time goes
/// on.
namespace barnabas::client {
namespace {

constexpr std::int64_t second = 1'000'000'000;
constexpr std::size_t answers_max = 64;

/// The broker's end of the stream.
class player {
public:
    player(client_role& role, client_connection& connection)
        : connection_(connection), session_(connection, role, runtime::random(1)) {}

    void come_up() {
        if (session_.is_closed())
            return;
        step([&](session_effects& out) { session_.on_timer(now_, out); });
        if (!wants_connection_)
            return;
        wants_connection_ = false;
        sent_.clear();
        asked_.clear();
        open_ = true;
        step([&](session_effects& out) { session_.on_connected(now_, out); });
    }
    void start() {
        step([&](session_effects& out) { session_.on_start(now_, out); });
        come_up();
    }
    void pass_time(std::int64_t nanoseconds) {
        now_ = now_ + nanoseconds;
        come_up();
    }
    /// Tells that every version of everything is there.
    void tell_versions() {
        kafka::api_versions_response versions;
        for (const std::int16_t key : std::initializer_list<std::int16_t>{0, 1, 2, 3, 18, 19, 22})
            versions.api_keys.push_back({key, 0, 99, {}});
        if (asked_.empty() || asked_.front().request_api_key != kafka::api_versions_request::api_key)
            return;
        const auto asked = take();
        bytes(join(kafka::frame_response(asked.correlation_id, versions, asked.request_api_version)).bytes());
    }
    void answer(std::span<const std::byte> body) {
        if (asked_.empty())
            return;
        const auto asked = take();
        kafka::response_header header;
        header.correlation_id = asked.correlation_id;
        const auto version =
            kafka::response_header_version(kafka::api_key{asked.request_api_key}, asked.request_api_version);
        auto size = header.measure(version);
        size.total += body.size();
        size.copied += body.size();
        auto out = kafka::start_frame(size, {});
        header.write(out, version);
        auto frame = join(out.finish());
        std::vector<std::byte> whole(frame.bytes().begin(), frame.bytes().end());
        whole.insert(whole.end(), body.begin(), body.end());
        bytes(whole);
    }
    void bytes(std::span<const std::byte> these) {
        if (open_)
            step([&](session_effects& out) { session_.on_bytes(these, now_, out); });
    }
    void work() {
        step([&](session_effects& out) { session_.on_work(now_, out); });
    }
    void close() {
        step([&](session_effects& out) { session_.on_close(now_, out); });
    }

private:
    template <class Event>
    void step(const Event& event) {
        session_effects out;
        event(out);
        open_ = open_ && !out.abort;
        wants_connection_ = wants_connection_ || out.connect;
        for (const auto& part : out.writes)
            sent_.insert(sent_.end(), part.bytes().begin(), part.bytes().end());
        note_requests();
    }

    kafka::request_header take() {
        const auto first = asked_.front();
        asked_.erase(asked_.begin());
        return first;
    }

    void note_requests() {
        while (sent_.size() >= 4) {
            std::size_t length = 0;
            for (std::size_t i = 0; i < 4; ++i)
                length = (length << 8) | static_cast<std::size_t>(sent_[i]);
            fuzz::require(sent_.size() >= 4 + length, "a client sent part of a frame");
            const auto frame = slice::copy_of(std::span<const std::byte>(sent_).subspan(4, length));
            kafka::wire_reader in(frame);
            const auto header = kafka::decode_request_header(in);
            fuzz::require(header.has_value(), "a client sent a request that nobody understands");
            asked_.push_back(*header);
            sent_.erase(sent_.begin(), sent_.begin() + static_cast<std::ptrdiff_t>(4 + length));
        }
    }

    client_connection& connection_;
    client_session session_;
    monotonic_ns now_{second};
    bool open_ = false;
    bool wants_connection_ = false;
    std::vector<std::byte> sent_;
    std::vector<kafka::request_header> asked_;
};

void play(player& broker, fuzz::input& given) {
    broker.tell_versions();
    broker.work();
    for (std::size_t i = 0; i < answers_max && !given.empty(); ++i) {
        const auto size = given.number16();
        const auto body = given.take(size & 0x7fff);
        if ((size & 0x8000) != 0)
            broker.bytes(body);
        else
            broker.answer(body);
        broker.pass_time(second / 5);
        broker.tell_versions();
    }
    broker.pass_time(100 * second);
    broker.close();
}

void play_producer(fuzz::input& given, bool idempotent) {
    client_connection connection{connection_options{}};
    std::size_t outcomes = 0;
    producer_options options;
    options.idempotent = idempotent;
    options.in_flight_max = 3;
    producer machine(connection, options,
                     {[&](const produce_outcome&) { ++outcomes; }, [](std::uint64_t, kafka::error_code) {}});
    player broker(machine, connection);
    broker.start();
    constexpr std::size_t batches = 4;
    for (std::uint64_t token = 1; token <= batches; ++token) {
        outgoing_batch one;
        one.token = token;
        one.topic = "t";
        one.partition = static_cast<std::int32_t>(token % 2);
        one.records.push_back({timestamp_ms(1), "k", "v"});
        machine.send(std::move(one), monotonic_ns{second});
    }
    play(broker, given);
    fuzz::require(outcomes + machine.unfinished() == batches, "a batch has two outcomes, or none");
}

void play_consumer(fuzz::input& given, bool use_session) {
    client_connection connection{connection_options{}};
    consumer_options options;
    options.topic = "t";
    options.use_session = use_session;
    std::map<std::int32_t, log_offset> next;
    const auto on_consumed = [&](const consumed& got) {
        for (const auto& one : got.batches) {
            auto& expected = next.try_emplace(got.partition, log_offset(-1)).first->second;
            fuzz::require(one.header.next_offset() > expected, "records were handed over again");
            expected = one.header.last_offset();
        }
    };
    const auto on_problem = [&](const consumer_problem& problem) {
        // Reading goes on from the start, so what was read may come again.
        if (problem.what == consumer_problem::kind::out_of_range)
            next.erase(problem.partition);
    };
    consumer machine(connection, options, {on_consumed, nullptr, on_problem});
    player broker(machine, connection);
    broker.start();
    play(broker, given);
}

void play_admin(fuzz::input& given) {
    client_connection connection{connection_options{}};
    int created = 0;
    topic_admin machine(connection, {[&](const std::string&, const result<void>&) { ++created; }});
    machine.create({"t", 3, {{"retention.ms", "1000"}}});
    player broker(machine, connection);
    broker.start();
    play(broker, given);
    fuzz::require(created <= 1, "a topic was made twice");
}

} // namespace
} // namespace barnabas::client

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace barnabas;
    fuzz::input given(data, size);
    const auto choice = given.byte();
    if (choice % 3 == 0)
        client::play_producer(given, (choice & 0x80) == 0);
    else if (choice % 3 == 1)
        client::play_consumer(given, (choice & 0x80) == 0);
    else
        client::play_admin(given);
    return 0;
}
