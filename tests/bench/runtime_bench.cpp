// What actors and sockets cost on the production loops. Run `runtime_bench`; the argument is the number of
// loops.

#include "runtime/network/network.hpp"
#include "runtime/node/production_node.hpp"
#include "runtime/node/spawn.hpp"

#include <benchmark/benchmark.h>
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <arpa/inet.h>
#include <chrono>
#include <future>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

namespace barnabas::runtime {
namespace {

struct ping {
    std::uint64_t token;
};
struct pong {
    std::uint64_t token;
};
struct start_pings {
    caf::actor partner;
    std::uint64_t count;
    std::promise<void>* done;
};
struct arrived {
    read_completion bytes;
};

} // namespace
} // namespace barnabas::runtime

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::runtime::ping)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::runtime::pong)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::runtime::start_pings)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::runtime::arrived)

namespace barnabas::runtime {
namespace {

std::unique_ptr<production_node> make_node(std::uint32_t loops) {
    production_node_options options;
    options.loops = loops;
    options.seed = 1;
    options.log = std::make_unique<null_logger>();
    return std::move(production_node::start(std::move(options))).value();
}

class answering final : public caf::event_based_actor {
public:
    answering(caf::actor_config& config, node_services&) : event_based_actor(config) {}
    caf::behavior make_behavior() override {
        return {[this](const ping& got) {
            send(caf::actor_cast<caf::actor>(current_sender()), pong{got.token});
        }};
    }
};

class asking final : public caf::event_based_actor {
public:
    asking(caf::actor_config& config, node_services&) : event_based_actor(config) {}
    caf::behavior make_behavior() override {
        return {
            [this](const start_pings& wanted) {
                run_ = wanted;
                send(run_.partner, ping{run_.count});
            },
            [this](const pong& got) {
                if (got.token > 0)
                    return send(run_.partner, ping{got.token - 1});
                run_.partner = nullptr;
                run_.done->set_value();
            },
        };
    }

private:
    start_pings run_{};
};

/// One request and its answer, one after another; the second argument is the partner's loop.
void actor_ping(benchmark::State& state) {
    auto node = make_node(static_cast<std::uint32_t>(state.range(0)));
    auto& services = node->services();
    const loop_index home(static_cast<std::uint32_t>(state.range(1)));
    auto partner = spawn<caf::actor, answering>(services, {home, "answering"});
    auto asker = spawn<caf::actor, asking>(services, {loop_index(0), "asking"});
    constexpr std::uint64_t rounds = 100'000;
    for (auto _ : state) {
        std::promise<void> done;
        caf::anon_send(asker, start_pings{partner, rounds, &done});
        done.get_future().wait();
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(rounds));
}
BENCHMARK(actor_ping)->Args({1, 0})->Args({2, 0})->Args({2, 1})->UseRealTime()->Unit(benchmark::kMillisecond);

/// Writes back what it reads.
class echo final : public caf::event_based_actor {
public:
    echo(caf::actor_config& config, node_services&, std::shared_ptr<byte_stream> stream)
        : event_based_actor(config), stream_(std::move(stream)) {}
    caf::behavior make_behavior() override {
        auto self = caf::actor_cast<caf::actor>(this);
        stream_->attach(
            {[self](read_completion bytes) { caf::anon_send(self, arrived{std::move(bytes)}); }, nullptr});
        stream_->read(nullptr, 0, 65'536);
        return {[this](const arrived& got) {
            if (got.bytes.count == 0) {
                stream_->close();
                stream_ = nullptr;
                return quit();
            }
            stream_->write({slice(got.bytes.into, got.bytes.at, got.bytes.count)});
            stream_->read(nullptr, 0, 65'536);
        }};
    }

private:
    std::shared_ptr<byte_stream> stream_;
};

int connect_to(std::uint16_t port) {
    const int client = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int on = 1;
    ::setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return ::connect(client, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0 ? client : -1;
}

bool exchange(int client, const std::string& request, std::string& response) {
    if (::send(client, request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size()))
        return false;
    for (std::size_t got = 0; got < response.size();) {
        const auto count = ::recv(client, response.data() + got, response.size() - got, 0);
        if (count <= 0)
            return false;
        got += static_cast<std::size_t>(count);
    }
    return true;
}

/// A round trip from a blocking socket through a connection actor; the second argument is the size of the
/// request.
void tcp_echo(benchmark::State& state) {
    auto node = make_node(static_cast<std::uint32_t>(state.range(0)));
    auto& services = node->services();
    auto port = services.network->listen({"127.0.0.1", 0}, [&](std::shared_ptr<byte_stream> stream) {
        const loop_index home = stream->home();
        spawn<caf::actor, echo>(services, {home, "echo", true}, std::move(stream));
    });
    const int client = connect_to((*port)->local().port);
    const std::string request(static_cast<std::size_t>(state.range(1)), 'x');
    std::string response(request.size(), ' ');
    std::vector<double> micros;
    for (auto _ : state) {
        const auto start = std::chrono::steady_clock::now();
        if (!exchange(client, request, response)) {
            state.SkipWithError("the connection was lost");
            break;
        }
        micros.push_back(
            std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count());
    }
    ::close(client);
    if (micros.empty())
        return;
    std::sort(micros.begin(), micros.end());
    state.counters["p50_us"] = micros[micros.size() / 2];
    state.counters["p99_us"] = micros[micros.size() * 99 / 100];
    state.SetBytesProcessed(state.iterations() * state.range(1));
}
BENCHMARK(tcp_echo)->Args({1, 100})->Args({2, 100})->Args({1, 16'384})->Args({2, 16'384})->UseRealTime();

} // namespace
} // namespace barnabas::runtime

BENCHMARK_MAIN();
