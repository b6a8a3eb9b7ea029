// Members of many consumer groups, played by one process: they join a broker, then send heartbeats, spread
// evenly over the interval. Prints what the broker's process needed for them, from /proc.
//
//   group_load PORT PID [groups=10000] [members=3] [connections=10000] [interval_ms=3000] [seconds=30]
//   group_load echo ...     the same heartbeats to a server that only sends them back: what the sockets cost
//
// Members of one group join at once, on connections of their own; heartbeats then go over all connections in
// turn. Every connection needs a descriptor here and one in the broker.

#include "protocol/kafka/consumer_protocol.hpp"
#include "protocol/kafka/find_coordinator.hpp"
#include "protocol/kafka/frame.hpp"
#include "protocol/kafka/heartbeat.hpp"
#include "protocol/kafka/join_group.hpp"
#include "protocol/kafka/sync_group.hpp"
#include "tests/bench/process/socket_calls.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <deque>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace barnabas;
using namespace barnabas::bench;
using steady = std::chrono::steady_clock;

constexpr std::int16_t join_version = 9;
constexpr std::int16_t sync_version = 5;
constexpr std::int16_t heartbeat_version = 4;
constexpr std::int16_t find_version = 4;
constexpr std::int16_t member_id_required = 79;
constexpr std::size_t read_bytes = 64 << 10;

struct settings {
    std::uint16_t port = 0;
    int pid = 0;
    std::size_t groups = 10'000;
    std::size_t members = 3;
    std::size_t connections = 10'000;
    std::chrono::milliseconds interval{3'000};
    double seconds = 30;
};

[[noreturn]] void fail(const std::string& what) {
    std::fprintf(stderr, "group_load: %s\n", what.c_str());
    std::exit(1);
}

/// Requests whose answers come in their order, on one socket that does not block.
class connection {
public:
    using handler = std::function<void(const slice& body)>;

    connection(std::uint16_t port, int poll, std::size_t number) : socket_(connect_to_loopback(port)) {
        checked(::fcntl(socket_, F_SETFL, O_NONBLOCK), "fcntl");
        epoll_event wanted{};
        wanted.events = EPOLLIN;
        wanted.data.u64 = number;
        checked(::epoll_ctl(poll, EPOLL_CTL_ADD, socket_, &wanted), "epoll_ctl");
    }

    template <class Message>
    void ask(const Message& message, std::int16_t version, handler on_answer) {
        const auto header = kafka::response_header_version(kafka::api_key{Message::api_key}, version);
        waiting_.push_back({header, std::move(on_answer)});
        for (const auto& part : kafka::frame_request(1, "group_load", message, version))
            write_all(socket_, part.bytes().data(), part.size());
    }
    void ask_raw(std::span<const std::byte> frame, handler on_answer) {
        waiting_.push_back({0, std::move(on_answer)});
        write_all(socket_, frame.data(), frame.size());
    }

    void on_readable() {
        static std::vector<std::byte> buffer(read_bytes);
        const auto got = ::read(socket_, buffer.data(), buffer.size());
        if (got < 0 && errno == EAGAIN)
            return;
        checked(static_cast<int>(got), "read");
        if (got == 0)
            fail("the broker closed a connection");
        unread_.insert(unread_.end(), buffer.begin(), buffer.begin() + got);
        std::size_t at = 0;
        while (unread_.size() - at >= 4) {
            std::uint32_t length = 0;
            for (std::size_t i = 0; i < 4; ++i)
                length = length << 8 | std::to_integer<std::uint32_t>(unread_[at + i]);
            if (unread_.size() - at - 4 < length)
                break;
            answer(slice::copy_of(std::span(unread_).subspan(at + 4, length)));
            at += 4 + length;
        }
        unread_.erase(unread_.begin(), unread_.begin() + static_cast<std::ptrdiff_t>(at));
    }

private:
    struct waiting {
        std::int16_t header_version;
        handler on_answer;
    };

    void answer(const slice& frame) {
        if (waiting_.empty())
            fail("an answer that nobody asked for");
        auto next = std::move(waiting_.front());
        waiting_.pop_front();
        kafka::wire_reader in(frame);
        if (!kafka::response_header::decode(in, next.header_version))
            fail("an answer without a header");
        next.on_answer(frame.from(in.position()));
    }

    int socket_;
    std::deque<waiting> waiting_;
    std::vector<std::byte> unread_;
};

template <class Message>
Message decoded(const slice& body, std::int16_t version) {
    kafka::wire_reader in(body);
    auto message = Message::decode(in, version);
    if (!message)
        fail(message.failure().detail);
    return std::move(*message);
}

/// All connections, and the loop that reads them.
class connections {
public:
    connections(std::uint16_t port, std::size_t count) : poll_(checked(::epoll_create1(0), "epoll_create1")) {
        for (std::size_t i = 0; i < count; ++i)
            all_.push_back(std::make_unique<connection>(port, poll_, i));
    }
    connection& at(std::size_t number) { return *all_[number % all_.size()]; }
    void wait(int milliseconds) {
        epoll_event ready[256];
        const int count = checked(
            ::epoll_wait(poll_, ready, static_cast<int>(std::size(ready)), milliseconds), "epoll_wait");
        for (int i = 0; i < count; ++i)
            all_[ready[i].data.u64]->on_readable();
    }
    void wait_until(const std::function<bool()>& condition, double seconds, const char* what) {
        const auto began = steady::now();
        while (!condition()) {
            if (seconds_since(began) > seconds)
                fail(std::string("not in time: ") + what);
            wait(100);
        }
    }

private:
    int poll_;
    std::vector<std::unique_ptr<connection>> all_;
};

slice subscription() {
    kafka::consumer_protocol_subscription wanted;
    wanted.topics = {"a-topic-of-usual-length"};
    kafka::wire_writer out;
    out.int16(0);
    wanted.encode(out, 0);
    return out.finish_contiguous();
}

slice assignment_of(std::int32_t partition) {
    kafka::consumer_protocol_assignment given;
    auto& topic = given.assigned_partitions.emplace_back();
    topic.topic = "a-topic-of-usual-length";
    topic.partitions = {partition};
    kafka::wire_writer out;
    out.int16(0);
    given.encode(out, 0);
    return out.finish_contiguous();
}

struct member {
    std::string group;
    std::string id;
    std::int32_t generation = -1;
    bool stable = false;
};

/// Members of all groups; those of one group follow one another.
class member_list {
public:
    member_list(const settings& wanted, connections& to) : wanted_(wanted), to_(to) {
        for (std::size_t g = 0; g < wanted.groups; ++g)
            for (std::size_t i = 0; i < wanted.members; ++i)
                all_.push_back({"group-" + std::to_string(g), {}, -1, false});
    }

    /// As many groups at a time as there are connections for their members. Those who are in stay so.
    void join() {
        constexpr double between_beats = 10;
        find_coordinator();
        auto beaten = steady::now();
        const auto at_once =
            std::max<std::size_t>(wanted_.connections / wanted_.members, 1) * wanted_.members;
        for (std::size_t from = 0; from < all_.size(); from += at_once) {
            const auto upto = std::min(from + at_once, all_.size());
            for (auto i = from; i < upto; ++i)
                send_join(i);
            to_.wait_until([&] { return stable_ == upto; }, 60, "members join");
            if (seconds_since(beaten) < between_beats)
                continue;
            beaten = steady::now();
            for (std::size_t i = 0; i < upto; ++i)
                beat(i);
        }
    }

    void beat(std::size_t number) {
        const auto& one = all_[number];
        kafka::heartbeat_request request;
        request.group_id = one.group;
        request.generation_id = one.generation;
        request.member_id = one.id;
        to_.at(number).ask(request, heartbeat_version, [this, sent = steady::now()](const slice& body) {
            const auto answer = decoded<kafka::heartbeat_response>(body, heartbeat_version);
            failed += answer.error_code != 0 ? 1 : 0;
            took.push_back(seconds_since(sent));
        });
    }

    std::size_t size() const { return all_.size(); }
    std::size_t failed = 0;
    std::vector<double> took;

private:
    void find_coordinator() {
        bool found = false;
        while (!found) {
            bool answered = false;
            kafka::find_coordinator_request request;
            request.coordinator_keys = {"group-0"};
            to_.at(0).ask(request, find_version, [&](const slice& body) {
                const auto answer = decoded<kafka::find_coordinator_response>(body, find_version);
                found = answer.coordinators.at(0).error_code == 0;
                answered = true;
            });
            to_.wait_until([&] { return answered; }, 20, "a coordinator is found");
        }
    }
    void send_join(std::size_t number) {
        auto& one = all_[number];
        kafka::join_group_request request;
        request.group_id = one.group;
        request.session_timeout_ms = 45'000;
        request.rebalance_timeout_ms = 300'000;
        request.member_id = one.id;
        request.protocol_type = "consumer";
        auto& protocol = request.protocols.emplace_back();
        protocol.name = "range";
        protocol.metadata = subscription();
        to_.at(number).ask(request, join_version,
                           [this, number](const slice& body) { on_joined(number, body); });
    }
    void on_joined(std::size_t number, const slice& body) {
        const auto answer = decoded<kafka::join_group_response>(body, join_version);
        auto& one = all_[number];
        one.id = answer.member_id;
        // Others came later; or the coordinator is not loaded yet.
        if (answer.error_code != 0)
            return send_join(number);
        one.generation = answer.generation_id;
        kafka::sync_group_request request;
        request.group_id = one.group;
        request.generation_id = one.generation;
        request.member_id = one.id;
        request.protocol_type = "consumer";
        request.protocol_name = "range";
        std::int32_t partition = 0;
        for (const auto& other : answer.members) {
            auto& given = request.assignments.emplace_back();
            given.member_id = other.member_id;
            given.assignment = assignment_of(partition++);
        }
        to_.at(number).ask(request, sync_version, [this, number](const slice& synced) {
            if (decoded<kafka::sync_group_response>(synced, sync_version).error_code != 0)
                return send_join(number);
            all_[number].stable = true;
            ++stable_;
        });
    }

    const settings& wanted_;
    connections& to_;
    std::vector<member> all_;
    std::size_t stable_ = 0;
};

/// Processor time of a process, in user and in system mode.
double cpu_seconds_of(int pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    std::istringstream fields(text.substr(std::min(text.rfind(')') + 1, text.size())));
    std::string skipped;
    for (int i = 0; i < 11; ++i)
        fields >> skipped;
    double user = 0;
    double system = 0;
    fields >> user >> system;
    return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

double rss_bytes_of(int pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/statm");
    double total = 0;
    double resident = 0;
    file >> total >> resident;
    return resident * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

struct outcome {
    double cpu_share = 0;
    double beats_per_second = 0;
};

/// Calls `beat(number)` for each member once per interval, for so long.
outcome beat_for(const settings& wanted, connections& to, std::size_t members, double seconds,
                 const std::function<void(std::size_t)>& beat) {
    const auto began = steady::now();
    const double cpu_before = cpu_seconds_of(wanted.pid);
    const double per_second =
        static_cast<double>(members) / std::chrono::duration<double>(wanted.interval).count();
    std::size_t sent = 0;
    while (seconds_since(began) < seconds) {
        const auto due = static_cast<std::size_t>(seconds_since(began) * per_second);
        for (; sent < due; ++sent)
            beat(sent % members);
        to.wait(1);
    }
    const double took = seconds_since(began);
    return {(cpu_seconds_of(wanted.pid) - cpu_before) / took, static_cast<double>(sent) / took};
}

double at_share(std::vector<double> values, double share) {
    if (values.empty())
        return 0;
    std::sort(values.begin(), values.end());
    return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
}

void run_members(const settings& wanted) {
    connections to(wanted.port, wanted.connections);
    member_list members(wanted, to);
    to.wait(100);
    const double rss_before = rss_bytes_of(wanted.pid);
    const auto began = steady::now();
    members.join();
    const double joined = seconds_since(began);
    const double rss_after = rss_bytes_of(wanted.pid);
    // The first round is not counted: what was put off while members joined is done in it.
    const auto beat = [&](std::size_t number) { members.beat(number); };
    const double warm_up = std::chrono::duration<double>(wanted.interval).count();
    beat_for(wanted, to, members.size(), warm_up, beat);
    members.took.clear();
    members.failed = 0;
    const auto measured = beat_for(wanted, to, members.size(), wanted.seconds, beat);
    std::printf(
        "members %zu connections %zu join_seconds %.2f rss_per_member %.0f heartbeats_per_second %.0f "
        "cpu_percent %.2f us_per_heartbeat %.2f p50_us %.0f p99_us %.0f failed %zu\n",
        members.size(), wanted.connections, joined,
        (rss_after - rss_before) / static_cast<double>(members.size()), measured.beats_per_second,
        measured.cpu_share * 100, measured.cpu_share / measured.beats_per_second * 1e6,
        at_share(members.took, 0.5) * 1e6, at_share(members.took, 0.99) * 1e6, members.failed);
}

/// Sends back what comes, until it is ended.
[[noreturn]] void serve_echo(int listener) {
    const int poll = checked(::epoll_create1(0), "epoll_create1");
    epoll_event wanted{};
    wanted.events = EPOLLIN;
    wanted.data.fd = listener;
    checked(::epoll_ctl(poll, EPOLL_CTL_ADD, listener, &wanted), "epoll_ctl");
    std::vector<std::byte> buffer(read_bytes);
    for (;;) {
        epoll_event ready[256];
        const int count =
            checked(::epoll_wait(poll, ready, static_cast<int>(std::size(ready)), -1), "epoll_wait");
        for (int i = 0; i < count; ++i) {
            const int from = ready[i].data.fd;
            if (from == listener) {
                wanted.data.fd = accept_one(listener);
                checked(::epoll_ctl(poll, EPOLL_CTL_ADD, wanted.data.fd, &wanted), "epoll_ctl");
                continue;
            }
            const auto got = ::read(from, buffer.data(), buffer.size());
            if (got <= 0)
                ::close(from);
            else
                write_all(from, buffer.data(), static_cast<std::size_t>(got));
        }
    }
}

void run_echo(settings wanted) {
    const int listener = listen_on_loopback(wanted.port);
    wanted.pid = checked(::fork(), "fork");
    if (wanted.pid == 0)
        serve_echo(listener);
    ::close(listener);
    connections to(wanted.port, wanted.connections);
    const std::size_t members = wanted.groups * wanted.members;
    // The bytes of an answer of heartbeat, so that a header can be read from them.
    const std::vector<std::byte> frame = [] {
        std::vector<std::byte> bytes(4 + 95);
        bytes[3] = std::byte{95};
        return bytes;
    }();
    const auto beat = [&](std::size_t number) { to.at(number).ask_raw(frame, [](const slice&) {}); };
    beat_for(wanted, to, members, 1, beat);
    const auto measured = beat_for(wanted, to, members, wanted.seconds, beat);
    std::printf("echo connections %zu heartbeats_per_second %.0f cpu_percent %.2f us_per_heartbeat %.2f\n",
                wanted.connections, measured.beats_per_second, measured.cpu_share * 100,
                measured.cpu_share / measured.beats_per_second * 1e6);
    ::kill(wanted.pid, SIGKILL);
    ::waitpid(wanted.pid, nullptr, 0);
}

std::size_t number_in(const char* text) {
    return static_cast<std::size_t>(std::strtoull(text, nullptr, 10));
}

} // namespace

int main(int count, char** words) {
    const bool echo = count > 1 && std::string_view(words[1]) == "echo";
    if (!echo && count < 3)
        fail("usage: group_load PORT PID | echo [groups] [members] [connections] [interval_ms] [seconds]");
    settings wanted;
    if (!echo) {
        wanted.port = static_cast<std::uint16_t>(number_in(words[1]));
        wanted.pid = static_cast<int>(number_in(words[2]));
    }
    const int first = echo ? 2 : 3;
    std::size_t* const sizes[] = {&wanted.groups, &wanted.members, &wanted.connections};
    for (int i = 0; i < 3 && first + i < count; ++i)
        *sizes[i] = number_in(words[first + i]);
    if (first + 3 < count)
        wanted.interval = std::chrono::milliseconds(number_in(words[first + 3]));
    if (first + 4 < count)
        wanted.seconds = std::strtod(words[first + 4], nullptr);
    if (wanted.connections < wanted.members)
        fail("members of a group need a connection each to join");
    if (echo)
        run_echo(wanted);
    else
        run_members(wanted);
}
