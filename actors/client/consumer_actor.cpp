#include "actors/client/consumer_actor.hpp"

#include "actors/client/client_messages.hpp"
#include "actors/client/cluster_actor.hpp"
#include "actors/client/consumer_messages.hpp"
#include "runtime/clock/clock.hpp"
#include "runtime/logging/logger.hpp"
#include "runtime/node/spawn.hpp"

#include <caf/actor_addr.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace barnabas::client {

namespace {

/// The shell of a consumer: timers, messages, and a client of the cluster for each lane of its calls.
class consumer_actor final : public caf::event_based_actor {
public:
    consumer_actor(caf::actor_config& config, runtime::node_services& node, consumer_actor_options options,
                   consumer_actor_events events)
        : event_based_actor(config), node_(node), options_(std::move(options)), events_(std::move(events)),
          consumer_(options_.settings, ports(),
                    runtime::random(node.seed).split("consumer").split(options_.number),
                    [this](const std::string& sentence) { tell(sentence); }) {}

    const char* name() const override { return "consumer"; }

    caf::behavior make_behavior() override {
        questions_ = spawn_lane(options_.settings.client, 2 * options_.number);
        // A Fetch that was cut off is made anew, from where reading is then.
        auto once = options_.settings.client;
        once.retries = 0;
        fetches_ = spawn_lane(std::move(once), 2 * options_.number + 1);
        return {
            [this](const consumer_task& task) {
                task.run(consumer_, now());
                settle();
            },
            [this](const consumer_timer& message) {
                if (message.deadline == armed_.get())
                    armed_ = {};
                settle();
            },
            [this](const close_client&) { close(); },
            [this](const lane_closed&) {
                if (--lanes_open_ != 0)
                    return;
                if (events_.on_closed)
                    events_.on_closed();
                quit();
            },
        };
    }

    void on_exit() override {
        fetches_ = nullptr;
        questions_ = nullptr;
    }

private:
    monotonic_ns now() const { return node_.clock->monotonic_now(); }

    void tell(const std::string& sentence) {
        node_.log->debug("consumer_trouble", log_fields{}.message(sentence));
        if (events_.on_trouble)
            events_.on_trouble(sentence);
    }

    /// The calls may outlive the actor, so they know it only by its address.
    consumer_ports ports() {
        consumer_ports made;
        made.submit = [this](consumer_ports::lane by, std::unique_ptr<cluster_call> call,
                             std::optional<std::int64_t> timeout_ns) {
            const auto& lane = by == consumer_ports::lane::fetches ? fetches_ : questions_;
            if (lane != nullptr)
                submitter_to(lane)(std::move(call), timeout_ns);
        };
        made.later = [address =
                          caf::actor_cast<caf::actor_addr>(this)](std::function<void(monotonic_ns)> then) {
            if (const auto self = caf::actor_cast<caf::actor>(address))
                caf::anon_send(self, consumer_task{[then = std::move(then)](cluster_consumer&,
                                                                            monotonic_ns at) { then(at); }});
        };
        made.wall_now = [clock = node_.clock] { return clock->wall_now(); };
        return made;
    }

    caf::actor spawn_lane(client_settings settings, std::uint64_t number) {
        cluster_actor_options wanted;
        wanted.settings = std::move(settings);
        wanted.home = options_.home;
        wanted.number = number;
        cluster_actor_events heard;
        heard.on_trouble = [told = events_.on_trouble](const std::string& sentence) {
            if (told)
                told(sentence);
        };
        heard.on_closed = [address = caf::actor_cast<caf::actor_addr>(this)] {
            if (const auto self = caf::actor_cast<caf::actor>(address))
                caf::anon_send(self, lane_closed{});
        };
        ++lanes_open_;
        return spawn_cluster_client(node_, std::move(wanted), std::move(heard));
    }

    void settle() {
        consumer_.step(now());
        const auto due = consumer_.deadline();
        if (due == monotonic_ns{} || (armed_ != monotonic_ns{} && armed_ <= due))
            return;
        armed_ = due;
        const auto delay = std::max<std::int64_t>(due - now(), 0);
        delayed_send(caf::actor_cast<caf::actor>(this), std::chrono::nanoseconds(delay),
                     consumer_timer{due.get()});
    }

    void close() {
        if (std::exchange(closing_, true))
            return;
        consumer_.close([this](const result<void>& said) {
            if (!said)
                tell("what was polled last is not committed: " + said.failure().detail);
            caf::anon_send(fetches_, close_client{});
            caf::anon_send(questions_, close_client{});
        });
        settle();
    }

    runtime::node_services& node_;
    consumer_actor_options options_;
    consumer_actor_events events_;
    cluster_consumer consumer_;
    caf::actor fetches_;
    caf::actor questions_;
    int lanes_open_ = 0;
    bool closing_ = false;
    monotonic_ns armed_{};
};

} // namespace

caf::actor spawn_cluster_consumer(runtime::node_services& node, consumer_actor_options options,
                                  consumer_actor_events events) {
    const auto home = options.home;
    return runtime::spawn<caf::actor, consumer_actor>(node, {home, "consumer"}, std::move(options),
                                                      std::move(events));
}

} // namespace barnabas::client
