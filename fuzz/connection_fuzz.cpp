#include "fuzz/fuzz.hpp"

#include "actors/connection/connection.hpp"
#include "runtime/memory/reserve.hpp"
#include "tests/unit/actors/connection/fake_port.hpp"

#include <algorithm>
#include <cstring>

/// A client's whole stream, as the connection machine takes it, with every partition and the controller
/// answering at once. The first byte chooses sizes of reads and what the answers are. After all of it the
/// connection is closed or wants more bytes, and as many answers left as requests were handled.
namespace barnabas {
namespace {

constexpr std::size_t rounds_max = 10'000;

class served_client {
public:
    explicit served_client(std::uint8_t choice) : choice_(choice) {
        port_.metadata = test::image_with("orders", 3);
        port_.led = (choice & 0x40) == 0;
        machine_.start();
    }

    void send(std::span<const std::byte> stream) {
        std::uint32_t cuts = choice_;
        while (!stream.empty() && !machine_.is_closed() && reads_taken_ < port_.reads.size()) {
            const auto wanted = port_.reads[reads_taken_++];
            cuts = cuts * 1664525u + 1013904223u;
            const std::size_t piece = (choice_ & 1) != 0 ? 1 + (cuts >> 8) % 200 : stream.size();
            const auto count = std::min({stream.size(), piece, wanted.max});
            auto into = wanted.into != nullptr ? wanted.into : chunk::allocate(count);
            std::memcpy(into->data() + wanted.at, stream.data(), count);
            stream = stream.subspan(count);
            machine_.on_read({into, wanted.at, count});
            settle();
        }
    }

    void finish() {
        if (machine_.is_closed())
            return;
        fuzz::require(machine_.requests_in_flight() == 0, "a request without an answer");
        fuzz::require(reads_taken_ < port_.reads.size(), "a connection that wants nothing any more");
        machine_.release();
    }

private:
    bool failing() const { return (choice_ & 2) != 0; }

    /// Answers all that was asked, lets time go on where a request waits.
    void settle() {
        std::size_t rounds = 0;
        do {
            fuzz::require(++rounds < rounds_max, "it goes round in circles");
            answer_partitions();
            answer_node();
            if (!port_.written.empty())
                machine_.on_drained();
            port_.written.clear();
            if (machine_.requests_in_flight() > 0 && !asked() && !machine_.is_closed()) {
                port_.time = port_.time + std::int64_t{1'000'000'000'000};
                machine_.on_timer();
            }
        } while ((asked() || machine_.requests_in_flight() > 0) && !machine_.is_closed());
    }

    bool asked() const {
        return !port_.appends.empty() || !port_.read_requests.empty() || !port_.offset_queries.empty() ||
               !port_.creates.empty() || !port_.deletes.empty() || !port_.grows.empty() ||
               !port_.producer_ids.empty();
    }

    template <class Questions>
    static Questions take(Questions& from) {
        return std::exchange(from, {});
    }

    void answer_partitions() {
        for (const auto& [to, asked] : take(port_.appends)) {
            append_response said;
            said.token = asked.token;
            said.code = failing() ? errc::storage_error : errc::ok;
            said.base_offset = log_offset(failing() ? -1 : 7);
            machine_.on_append_response(said);
        }
        for (const auto& [to, asked] : take(port_.read_requests)) {
            read_response said;
            said.token = asked.token;
            said.code = failing() ? errc::offset_out_of_range : errc::ok;
            said.high_watermark = said.last_stable_offset = log_offset(9);
            said.log_start_offset = log_offset(0);
            machine_.on_read_response(said);
        }
        for (const auto& [to, asked] : take(port_.offset_queries)) {
            offset_query_response said;
            said.token = asked.token;
            said.code = failing() ? errc::storage_error : errc::ok;
            said.offset = log_offset(5);
            machine_.on_offset_query_response(said);
        }
    }

    void answer_node() {
        for (const auto& asked : take(port_.creates))
            answer_topics(asked.token, asked.topics.size());
        for (const auto& asked : take(port_.deletes))
            answer_topics(asked.token, asked.topics.size());
        for (const auto& asked : take(port_.grows))
            answer_topics(asked.token, asked.topics.size());
        for (const auto& asked : take(port_.producer_ids)) {
            init_producer_id_response said;
            said.token = asked.token;
            said.code = failing() ? errc::storage_error : errc::ok;
            machine_.on_init_producer_id_response(said);
        }
    }

    void answer_topics(std::uint64_t token, std::size_t count) {
        topics_response said;
        said.token = token;
        if (failing())
            said.code = errc::storage_error;
        else
            said.topics.resize(count);
        machine_.on_topics_response(said);
    }

    std::uint8_t choice_;
    std::size_t reads_taken_ = 0;
    test::fake_port port_;
    broker_config config_;
    allow_all_authorizer access_;
    runtime::memory_reserve reserve_{"input", 64 << 20};
    connection machine_{{&config_, &access_, &reserve_, "PLAINTEXT", 1}, port_};
};

} // namespace
} // namespace barnabas

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace barnabas;
    fuzz::input given(data, size);
    served_client client(given.byte());
    client.send(given.rest());
    client.finish();
    return 0;
}
