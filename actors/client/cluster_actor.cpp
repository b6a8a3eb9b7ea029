#include "actors/client/cluster_actor.hpp"

#include "actors/client/client_messages.hpp"
#include "actors/client/cluster_messages.hpp"
#include "actors/client/limits.hpp"
#include "runtime/clock/clock.hpp"
#include "runtime/logging/logger.hpp"
#include "runtime/node/spawn.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <chrono>
#include <map>
#include <utility>

namespace barnabas::client {

namespace {

/// The shell of a cluster client: streams, timers and messages around the machine.
class cluster_actor final : public caf::event_based_actor {
public:
    cluster_actor(caf::actor_config& config, runtime::node_services& node, cluster_actor_options options,
                  cluster_actor_events events)
        : event_based_actor(config), node_(node), home_(options.home), events_(std::move(events)),
          client_(std::move(options.settings),
                  runtime::random(node.seed).split("cluster client").split(options.number)) {}

    ~cluster_actor() override { drop_streams(); }

    const char* name() const override { return "cluster_client"; }
    void on_exit() override { drop_streams(); }

    caf::behavior make_behavior() override {
        return {
            [this](const link_read& message) { on_read(message); },
            [this](const submit_call& message) {
                step([&](cluster_effects& out) {
                    client_.submit(std::move(*message.call), message.timeout_ns, now(), out);
                });
            },
            [this](const cluster_timer& message) {
                if (message.deadline == armed_.get())
                    armed_ = {};
                step([this](cluster_effects& out) { client_.on_timer(now(), out); });
            },
            [this](const link_connected& message) { on_connected(message); },
            [this](const close_client&) {
                close_streams();
                step([this](cluster_effects& out) { client_.on_close(now(), out); });
                if (events_.on_closed)
                    events_.on_closed();
                quit();
            },
        };
    }

private:
    struct open_link {
        std::shared_ptr<runtime::byte_stream> stream;
        std::uint64_t attempt = 0;
    };

    monotonic_ns now() const { return node_.clock->monotonic_now(); }

    open_link* present(link_number link, std::uint64_t attempt) {
        const auto found = streams_.find(link);
        return found == streams_.end() || found->second.attempt != attempt ? nullptr : &found->second;
    }

    void on_connected(const link_connected& message) {
        auto* link = present(message.link, message.attempt);
        if (link == nullptr) {
            if (message.stream != nullptr)
                message.stream->abort();
            return;
        }
        if (message.stream == nullptr)
            return step([&](cluster_effects& out) {
                client_.on_disconnected(message.link, message.why, now(), out);
            });
        link->stream = message.stream;
        auto self = caf::actor_cast<caf::actor>(this);
        link->stream->attach(
            {[self, number = message.link, attempt = message.attempt](runtime::read_completion bytes) {
                 caf::anon_send(self, link_read{number, attempt, std::move(bytes)});
             },
             nullptr});
        link->stream->read(nullptr, 0, limits::read_bytes_max);
        step([&](cluster_effects& out) { client_.on_connected(message.link, now(), out); });
    }

    void on_read(const link_read& message) {
        const auto* link = present(message.link, message.attempt);
        if (link == nullptr || link->stream == nullptr)
            return;
        if (message.bytes.count == 0)
            return step([&](cluster_effects& out) {
                client_.on_disconnected(
                    message.link, {errc::network_exception, "the broker closed the connection"}, now(), out);
            });
        const auto* begin = message.bytes.into->data() + message.bytes.at;
        step([&](cluster_effects& out) {
            client_.on_bytes(message.link, {begin, message.bytes.count}, now(), out);
        });
        link = present(message.link, message.attempt);
        if (link == nullptr || link->stream == nullptr)
            return;
        auto wanted = client_.next_read(message.link);
        link->stream->read(std::move(wanted.into), wanted.at, wanted.max);
    }

    template <class Event>
    void step(const Event& event) {
        cluster_effects out;
        event(out);
        for (auto& [link, wants] : out.links)
            carry_out(link, wants);
        for (const auto link : out.ended)
            drop_stream(link);
        for (const auto& sentence : out.troubles) {
            node_.log->debug("broker_trouble", log_fields{}.message(sentence));
            if (events_.on_trouble)
                events_.on_trouble(sentence);
        }
        for (const auto& call : out.finished)
            call->on_finished();
        arm();
    }

    void carry_out(link_number link, session_effects& wants) {
        if (wants.nonsense)
            node_.log->error("nonsense_received", {{"message", to_string(*wants.nonsense)}});
        if (wants.abort)
            drop_stream(link);
        if (const auto found = streams_.find(link);
            !wants.writes.empty() && found != streams_.end() && found->second.stream != nullptr)
            found->second.stream->write(std::move(wants.writes));
        if (wants.connect)
            connect(link);
    }

    void connect(link_number link) {
        drop_stream(link);
        const auto* at = client_.address_of(link);
        if (at == nullptr)
            return;
        const auto attempt = ++attempts_;
        streams_[link].attempt = attempt;
        auto self = caf::actor_cast<caf::actor>(this);
        node_.network->connect({at->host, at->port}, home_,
                               [self, link, attempt](result<std::shared_ptr<runtime::byte_stream>> made) {
                                   link_connected message{link, attempt, nullptr, {}};
                                   if (made)
                                       message.stream = *made;
                                   else
                                       message.why = made.failure();
                                   caf::anon_send(self, std::move(message));
                               });
    }

    void drop_stream(link_number link) {
        const auto found = streams_.find(link);
        if (found == streams_.end())
            return;
        if (found->second.stream != nullptr)
            found->second.stream->abort();
        streams_.erase(found);
    }
    /// What was written and has no answer (Produce with acks=0) still goes out.
    void close_streams() {
        for (auto& [link, one] : streams_)
            if (one.stream != nullptr)
                one.stream->close();
        streams_.clear();
    }
    void drop_streams() {
        for (auto& [link, one] : streams_)
            if (one.stream != nullptr)
                one.stream->abort();
        streams_.clear();
    }

    /// One timer is out at a time, unless an earlier one is needed.
    void arm() {
        const auto due = client_.deadline();
        if (due == monotonic_ns{} || (armed_ != monotonic_ns{} && armed_ <= due))
            return;
        armed_ = due;
        const auto delay = std::max<std::int64_t>(due - now(), 0);
        delayed_send(caf::actor_cast<caf::actor>(this), std::chrono::nanoseconds(delay),
                     cluster_timer{due.get()});
    }

    runtime::node_services& node_;
    loop_index home_;
    cluster_actor_events events_;
    cluster_client client_;
    std::map<link_number, open_link> streams_;
    std::uint64_t attempts_ = 0;
    monotonic_ns armed_{};
};

} // namespace

caf::actor spawn_cluster_client(runtime::node_services& node, cluster_actor_options options,
                                cluster_actor_events events) {
    const auto home = options.home;
    return runtime::spawn<caf::actor, cluster_actor>(node, {home, "cluster_client"}, std::move(options),
                                                     std::move(events));
}

admin::submitter submitter_to(const caf::actor& client) {
    return [client](std::unique_ptr<cluster_call> call, std::optional<std::int64_t> timeout_ns) {
        caf::anon_send(client, submit_call{std::make_shared<std::unique_ptr<cluster_call>>(std::move(call)),
                                           timeout_ns});
    };
}

} // namespace barnabas::client
