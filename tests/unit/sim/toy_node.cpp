#include "tests/unit/sim/toy_node.hpp"

#include "runtime/disk/disk.hpp"
#include "runtime/random/random.hpp"
#include "sim/world/virtual_time.hpp"

#include <caf/actor_cast.hpp>
#include <caf/actor_config.hpp>
#include <caf/actor_system.hpp>
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/make_actor.hpp>
#include <caf/send.hpp>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

namespace barnabas::sim::toy {

struct accepted {
    std::shared_ptr<runtime::byte_stream> stream;
};
struct connected {
    std::shared_ptr<runtime::byte_stream> stream;
};
struct bytes_came {
    runtime::read_completion read;
};
struct drained {};
struct disk_done {};
struct tick {};
struct more {};
struct token {
    std::uint32_t left = 0;
};
struct neighbour {
    caf::actor next;
};

} // namespace barnabas::sim::toy

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::sim::toy::accepted)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::sim::toy::connected)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::sim::toy::bytes_came)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::sim::toy::drained)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::sim::toy::disk_done)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::sim::toy::tick)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::sim::toy::more)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::sim::toy::token)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::sim::toy::neighbour)

namespace barnabas::sim::toy {

namespace {

template <class Actor, class... Args>
caf::actor spawn_toy(runtime::node_services& node, loop_index home, Args&&... args) {
    caf::actor_config config{node.scheduling->unit(home)};
    auto id = node.system->next_actor_id();
    while (id % node.scheduling->loop_count() != home.get())
        id = node.system->next_actor_id();
    auto handle = caf::make_actor<Actor, caf::actor>(id, node.system->node(), node.system, config, node,
                                                     std::forward<Args>(args)...);
    auto* self = static_cast<Actor*>(caf::actor_cast<caf::abstract_actor*>(handle));
    auto* scheduling = node.scheduling;
    self->set_exception_handler([scheduling](std::exception_ptr& thrown) -> caf::error {
        try {
            std::rethrow_exception(thrown);
        } catch (const std::exception& failure) {
            scheduling->node_failed("toy", failure.what());
        }
        return caf::sec::runtime_error;
    });
    self->launch(node.scheduling->unit(home), false, false);
    return handle;
}

/// The byte at `position` of the pattern `seed`.
std::byte pattern(std::uint64_t seed, std::uint64_t position) {
    const auto word = (seed + position / 8) * 0x9fb21c651e98df25ULL;
    return static_cast<std::byte>((word ^ (word >> 31)) >> (position % 8 * 8));
}

runtime::stream_events events_to(const caf::actor& self) {
    return {[self](runtime::read_completion read) { caf::anon_send(self, bytes_came{std::move(read)}); },
            [self] { caf::anon_send(self, drained{}); }};
}

class echo_connection : public caf::event_based_actor {
public:
    echo_connection(caf::actor_config& config, runtime::node_services& node,
                    std::shared_ptr<runtime::byte_stream> stream, ledger& book)
        : event_based_actor(config), node_(node), stream_(std::move(stream)), book_(book) {}

    caf::behavior make_behavior() override {
        stream_->attach(events_to(caf::actor_cast<caf::actor>(this)));
        stream_->read(nullptr, 0, 16'384);
        return {[this](const bytes_came& came) { on_bytes(came.read); }, [](const drained&) {},
                [this](const disk_done&) { ++book_.disk_jobs_done; }};
    }
    void on_exit() override { stream_.reset(); }

private:
    void on_bytes(const runtime::read_completion& read) {
        if (read.count == 0) {
            stream_->close();
            quit();
            return;
        }
        const slice bytes(read.into, read.at, read.count);
        append_to_file(bytes);
        stream_->write({bytes});
        stream_->read(nullptr, 0, 16'384);
    }
    void append_to_file(const slice& bytes) {
        node_.disk->submit(
            runtime::disk_lane(id()), runtime::disk_job_kind::buffered_write,
            [bytes](runtime::file_system& files) {
                auto file = files.open("/data/log", runtime::open_mode::create);
                if (!file)
                    return;
                const auto size = files.size(*file);
                if (size)
                    (void)files.write(*file, file_position(*size), std::span<const slice>(&bytes, 1))
                        .has_value();
                if (size && *size % 7 == 0)
                    (void)files.sync(std::span<const runtime::file_id>(&*file, 1)).has_value();
                files.close(*file);
            },
            [self = caf::actor_cast<caf::actor>(this)] { caf::anon_send(self, disk_done{}); });
    }

    runtime::node_services& node_;
    std::shared_ptr<runtime::byte_stream> stream_;
    ledger& book_;
};

class listener : public caf::event_based_actor {
public:
    listener(caf::actor_config& config, runtime::node_services& node, ledger& book)
        : event_based_actor(config), node_(node), book_(book) {}

    caf::behavior make_behavior() override {
        auto opened =
            node_.network->listen({"", port}, [self = caf::actor_cast<caf::actor>(this)](auto stream) {
                caf::anon_send(self, accepted{std::move(stream)});
            });
        if (!opened)
            throw std::runtime_error(to_string(opened.failure()));
        socket_ = std::move(*opened);
        node_.disk->submit(
            runtime::disk_lane(0), runtime::disk_job_kind::blocking,
            [](runtime::file_system& files) { (void)files.create_directory("/data").has_value(); }, [] {});
        delayed_send(this, std::chrono::milliseconds(10), tick{});
        return {[this](const accepted& one) {
                    spawn_toy<echo_connection>(node_, one.stream->home(), one.stream, std::ref(book_));
                },
                [this](const tick&) {
                    ++book_.ticks;
                    delayed_send(this, std::chrono::milliseconds(10), tick{});
                }};
    }
    void on_exit() override { socket_.reset(); }

private:
    runtime::node_services& node_;
    std::unique_ptr<runtime::listening_socket> socket_;
    ledger& book_;
};

class echo_client : public caf::event_based_actor {
public:
    echo_client(caf::actor_config& config, runtime::node_services& node, std::string server, ledger& book)
        : event_based_actor(config), node_(node), server_(std::move(server)),
          draws_(runtime::random(node.seed).split(id())), book_(book) {}

    caf::behavior make_behavior() override {
        connect();
        return {[this](const connected& answer) { on_connected(answer.stream); },
                [this](const bytes_came& came) { on_bytes(came.read); }, [](const drained&) {},
                [this](const tick&) { connect(); },
                [this](const more&) {
                    // A timer from before the last connection ended finds an echo still to come.
                    if (stream_ != nullptr && received_ == sent_)
                        send_more();
                }};
    }
    void on_exit() override { stream_.reset(); }

private:
    void connect() {
        node_.network->connect({server_, port},
                               loop_index(static_cast<std::uint32_t>(id()) % node_.scheduling->loop_count()),
                               [self = caf::actor_cast<caf::actor>(this)](auto answer) {
                                   auto stream = answer ? *answer : nullptr;
                                   caf::anon_send(self, connected{std::move(stream)});
                               });
    }
    void on_connected(const std::shared_ptr<runtime::byte_stream>& stream) {
        if (stream == nullptr) {
            ++book_.failed_connects;
            delayed_send(this, std::chrono::milliseconds(50), tick{});
            return;
        }
        ++book_.connections;
        stream_ = stream;
        seed_ = draws_.next();
        sent_ = received_ = 0;
        stream_->attach(events_to(caf::actor_cast<caf::actor>(this)));
        send_more();
        stream_->read(nullptr, 0, 8'192);
    }
    void send_more() {
        std::vector<slice> parts;
        for (auto left = draws_.below(4) + 1; left > 0; --left) {
            std::vector<std::byte> bytes(draws_.log_between(1, 3'000));
            for (auto& byte : bytes)
                byte = pattern(seed_, sent_++);
            parts.push_back(slice::copy_of(std::span<const std::byte>(bytes)));
        }
        stream_->write(std::move(parts));
    }
    void on_bytes(const runtime::read_completion& read) {
        if (read.count == 0) {
            ++book_.ended_early;
            stream_->close();
            stream_.reset();
            delayed_send(this, std::chrono::milliseconds(20), tick{});
            return;
        }
        for (std::size_t index = 0; index < read.count; ++index) {
            if (received_ >= sent_ || read.into->data()[read.at + index] != pattern(seed_, received_))
                ++book_.wrong_bytes;
            ++received_;
        }
        book_.bytes_echoed += read.count;
        if (received_ == sent_)
            delayed_send(this, std::chrono::microseconds(draws_.log_between(1, 20'000)), more{});
        stream_->read(nullptr, 0, 8'192);
    }

    runtime::node_services& node_;
    std::string server_;
    runtime::random draws_;
    ledger& book_;
    std::shared_ptr<runtime::byte_stream> stream_;
    std::uint64_t seed_ = 0;
    std::uint64_t sent_ = 0;
    std::uint64_t received_ = 0;
};

class ring_actor : public caf::event_based_actor {
public:
    ring_actor(caf::actor_config& config, runtime::node_services&) : event_based_actor(config) {}
    caf::behavior make_behavior() override {
        return {[this](const neighbour& one) { next_ = one.next; },
                [this](const token& passed) { send(next_, token{passed.left + 1}); }};
    }
    void on_exit() override { next_ = nullptr; }

private:
    caf::actor next_;
};

class throwing_actor : public caf::event_based_actor {
public:
    throwing_actor(caf::actor_config& config, runtime::node_services&) : event_based_actor(config) {}
    caf::behavior make_behavior() override {
        delayed_send(this, std::chrono::milliseconds(1), tick{});
        return {[](const tick&) { throw std::runtime_error("planned"); }};
    }
};

} // namespace

boot_function echo_server(ledger& book) {
    return
        [&book](runtime::node_services& node) { spawn_toy<listener>(node, loop_index(0), std::ref(book)); };
}

boot_function echo_clients(ledger& book, const std::string& server, std::uint32_t clients) {
    return [&book, server, clients](runtime::node_services& node) {
        for (std::uint32_t index = 0; index < clients; ++index)
            spawn_toy<echo_client>(node, loop_index(index % node.scheduling->loop_count()), server,
                                   std::ref(book));
    };
}

boot_function ring(std::uint32_t actors) {
    return [actors](runtime::node_services& node) {
        std::vector<caf::actor> all;
        for (std::uint32_t index = 0; index < actors; ++index)
            all.push_back(spawn_toy<ring_actor>(node, loop_index(index % node.scheduling->loop_count())));
        for (std::uint32_t index = 0; index < actors; ++index) {
            caf::anon_send(all[index], neighbour{all[(index + 1) % actors]});
            if (index % 4 == 0)
                caf::anon_send(all[index], token{});
        }
    };
}

boot_function thrower() {
    return [](runtime::node_services& node) { spawn_toy<throwing_actor>(node, loop_index(0)); };
}

} // namespace barnabas::sim::toy
