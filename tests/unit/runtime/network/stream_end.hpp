#pragma once

#include "runtime/network/network.hpp"
#include "tests/unit/runtime/test_node.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace barnabas::runtime {

/// One end of a stream as a test holds it: calls go to the home loop, events come back as reports. Counts
/// events that come on another loop.
class stream_end {
public:
    stream_end(production_node& node, std::shared_ptr<byte_stream> stream, std::size_t drained_above = 0)
        : loop_(loop_of(node, stream->home())), stream_(std::move(stream)) {
        // The stream's events may outlive this end.
        auto heard = heard_;
        auto* loop = &loop_;
        run_on(loop_, [&] {
            stream_->attach({[heard, loop](read_completion bytes) {
                                 heard->strays += event_loop::current() != loop;
                                 heard->reads.push(std::move(bytes));
                             },
                             [heard, loop] {
                                 heard->strays += event_loop::current() != loop;
                                 heard->drained.push(true);
                             },
                             drained_above});
        });
    }

    void write(std::vector<slice> parts) {
        run_on(loop_, [&] { stream_->write(std::move(parts)); });
    }
    void write_and_close(std::vector<slice> parts) {
        run_on(loop_, [&] {
            stream_->write(std::move(parts));
            stream_->close();
        });
    }
    void abort() {
        run_on(loop_, [&] { stream_->abort(); });
    }
    void drop() { stream_ = nullptr; }
    void ask(std::shared_ptr<chunk> into, std::size_t at, std::size_t max) {
        run_on(loop_, [&] { stream_->read(std::move(into), at, max); });
    }
    read_completion wait_read() {
        auto got = heard_->reads.take();
        EXPECT_TRUE(got.has_value());
        return got.value_or(read_completion{});
    }
    read_completion wait_read_of(std::size_t max) {
        ask(nullptr, 0, max);
        return wait_read();
    }
    std::string read_text(std::size_t wanted) {
        std::string text;
        while (text.size() < wanted) {
            const auto got = wait_read_of(wanted - text.size());
            if (got.count == 0)
                break;
            text += slice(got.into, got.at, got.count).text();
        }
        return text;
    }
    bool wait_drained() { return heard_->drained.take().has_value(); }
    std::size_t unsent() {
        std::size_t bytes = 0;
        run_on(loop_, [&] { bytes = stream_->unsent_bytes(); });
        return bytes;
    }
    std::size_t events() const { return heard_->reads.size() + heard_->drained.size(); }
    int strays() const { return heard_->strays; }
    loop_index home() const { return stream_->home(); }

private:
    struct heard {
        reports<read_completion> reads;
        reports<bool> drained;
        std::atomic<int> strays{0};
    };

    event_loop& loop_;
    std::shared_ptr<byte_stream> stream_;
    std::shared_ptr<heard> heard_ = std::make_shared<heard>();
};

/// Client's and server's end of a new connection; the client hears `on_drained` only above the mark.
inline std::pair<std::unique_ptr<stream_end>, std::unique_ptr<stream_end>>
connected_pair(production_node& node, std::size_t drained_above = 0) {
    auto& net = *node.services().network;
    reports<std::shared_ptr<byte_stream>> streams;
    auto port = net.listen({"127.0.0.1", 0}, [&](auto stream) { streams.push(std::move(stream)); });
    BARNABAS_ASSERT(port.has_value());
    reports<std::shared_ptr<byte_stream>> connected;
    net.connect((*port)->local(), loop_index(node.services().scheduling->loop_count() - 1),
                [&](auto outcome) { connected.push(outcome ? std::move(outcome).value() : nullptr); });
    auto client = connected.take();
    BARNABAS_ASSERT(client && *client != nullptr);
    auto server = streams.take();
    BARNABAS_ASSERT(server.has_value());
    return {std::make_unique<stream_end>(node, std::move(*client), drained_above),
            std::make_unique<stream_end>(node, std::move(*server))};
}

} // namespace barnabas::runtime
