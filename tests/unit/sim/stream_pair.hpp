#pragma once

#include "sim/network/network_fabric.hpp"
#include "sim/world/world.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>

namespace barnabas::sim::toy {

/// Two hosts and one connection, driven without actors.
struct pair_of_streams {
    explicit pair_of_streams(const network_faults& faults = {}, std::uint64_t seed = 1)
        : run(seed), fabric(run, faults), left(boot("left")), right(boot("right")) {}

    std::unique_ptr<node_network> boot(const std::string& name) {
        return fabric.boot(fabric.add_host(name), 2, run.open_owner());
    }
    void connect() {
        auto opened = right->listen({"", 80}, [this](auto stream) { accepted = std::move(stream); });
        ASSERT_TRUE(opened);
        listener = std::move(*opened);
        left->connect({"right", 80}, loop_index(1), [this](auto answer) {
            code = answer.code();
            if (answer)
                made = *answer;
        });
        run.run_for(second);
    }
    static slice text(const std::string& bytes) { return slice::copy_of(bytes); }

    world run;
    network_fabric fabric;
    std::unique_ptr<node_network> left, right;
    std::unique_ptr<runtime::listening_socket> listener;
    std::shared_ptr<runtime::byte_stream> made, accepted;
    std::optional<errc> code;
};

/// Reads for ever and collects.
struct reader {
    explicit reader(std::shared_ptr<runtime::byte_stream> from) : stream(std::move(from)) {
        stream->attach({[this](runtime::read_completion done) {
                            if (done.count == 0) {
                                ended = true;
                                return;
                            }
                            largest = std::max(largest, done.count);
                            smallest = std::min(smallest, done.count);
                            received.append(reinterpret_cast<const char*>(done.into->data() + done.at),
                                            done.count);
                            if (!paused)
                                stream->read(nullptr, 0, 1'000);
                        },
                        [this] { ++drained; }});
        stream->read(nullptr, 0, 1'000);
    }
    std::shared_ptr<runtime::byte_stream> stream;
    std::string received;
    std::size_t largest = 0, smallest = SIZE_MAX;
    int drained = 0;
    bool ended = false;
    bool paused = false;
};

inline std::string letters(std::size_t count) {
    std::string made;
    for (std::size_t index = 0; index < count; ++index)
        made.push_back(static_cast<char>('a' + (index * 7 + index / 26) % 26));
    return made;
}

} // namespace barnabas::sim::toy
