#include "actors/connection/connection_tap.hpp"

#include "actors/connection/connection.hpp"
#include "fake_port.hpp"
#include "protocol/kafka/api_versions.hpp"
#include "protocol/kafka/frame.hpp"
#include "runtime/memory/reserve.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

namespace barnabas::connection_tap_test {
namespace {

class line_tap final : public connection_tap {
public:
    void connection_opened(std::uint64_t connection) override { note("opened", connection); }
    void request_begun(const request& which, kafka::api_key key, std::size_t unsent_bytes) override {
        note("begun", which.number, static_cast<std::uint64_t>(key), unsent_bytes);
    }
    void request_may_wait(const request& which, std::chrono::milliseconds at_most) override {
        note("may wait", which.number, static_cast<std::uint64_t>(at_most.count()));
    }
    void request_answered(const request& which, std::size_t answer_bytes, std::size_t) override {
        note(answer_bytes > 0 ? "answered" : "ended", which.number);
    }
    void connection_closed(std::uint64_t connection) override { note("closed", connection); }

    std::vector<std::string> lines;

private:
    template <class... Numbers>
    void note(const std::string& what, Numbers... numbers) {
        lines.push_back(what + ((" " + std::to_string(numbers)) + ...));
    }
};

TEST(connection_tap, hears_each_request_begin_and_end) {
    test::fake_port port;
    line_tap tap;
    broker_config config;
    runtime::memory_reserve input("client_input", 1 << 20);
    allow_all_authorizer access;
    port.unsent = 17;
    port.metadata = test::image_with("orders", 1);
    connection machine{{&config, &access, &input, "PLAINTEXT", 5, &tap}, port};
    machine.start();
    const auto deliver = [&](const std::string& bytes) {
        auto into = chunk::allocate(bytes.size());
        std::memcpy(into->data(), bytes.data(), bytes.size());
        machine.on_read({into, 0, bytes.size()});
    };
    deliver(std::string(join(kafka::frame_request(1, "t", kafka::api_versions_request{}, 0)).text()));
    deliver("");
    EXPECT_EQ(tap.lines, (std::vector<std::string>{"opened 5", "begun 1 18 17", "answered 1", "closed 5"}));
}

} // namespace
} // namespace barnabas::connection_tap_test
