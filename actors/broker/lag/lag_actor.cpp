#include "actors/broker/lag/lag_actor.hpp"

#include "actors/broker/lag/consumer_lag.hpp"
#include "actors/broker/lag/lag_messages.hpp"
#include "actors/broker/lag/lag_text.hpp"
#include "actors/broker/limits.hpp"
#include "runtime/clock/clock.hpp"
#include "runtime/node/spawn.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <utility>
#include <vector>

namespace barnabas {

namespace {

class lag_actor final : public caf::event_based_actor, private lag_port {
public:
    lag_actor(caf::actor_config& config, runtime::node_services& node, std::size_t partitions_max,
              std::shared_ptr<const published_view> view)
        : event_based_actor(config), node_(node), view_(std::move(view)),
          machine_(partitions_max, static_cast<lag_port&>(*this)) {}

    const char* name() const override { return "consumer lag"; }
    void on_exit() override {
        seen_ = nullptr;
        waiting_.clear();
    }

    caf::behavior make_behavior() override {
        return {
            [this](const lag_wanted&) { on_wanted(); },
            [this](const group::commits_response& m) { machine_.on_commits(m); },
            [this](const offset_query_response& m) { machine_.on_end(m); },
            [this](const read_response& m) { machine_.on_record(m); },
            [this](const lag_round_due& m) {
                if (machine_.round() == m.round)
                    machine_.on_late();
            },
            [this](const close_consumer_lag&) { quit(); },
        };
    }

private:
    void on_wanted() {
        const auto asker = caf::actor_cast<caf::actor>(current_sender());
        const auto now = node_.clock->monotonic_now();
        if (text_ != nullptr && std::chrono::nanoseconds(now - told_at_) <= broker_limits::lag_report_age_max)
            return send(asker, lag_told{text_});
        waiting_.push_back(asker);
        if (machine_.running())
            return;
        seen_ = view_->current();
        std::vector<partition_index> coordinators;
        for (std::size_t index = 0; index < seen_->coordinators.size(); ++index)
            if (seen_->coordinators[index].actor)
                coordinators.emplace_back(static_cast<std::int32_t>(index));
        delayed_send(this, broker_limits::lag_round_max, lag_round_due{machine_.round() + 1});
        machine_.begin(std::move(coordinators), now);
    }

    // lag_port
    void ask_commits(partition_index coordinator, const group::commits_query& query) override {
        send(seen_->coordinators[static_cast<std::size_t>(coordinator.get())].actor, query);
    }
    std::optional<topic_partition> led_here(std::string_view topic, partition_index index) override {
        const auto* known = seen_->image->find_topic(topic);
        if (known == nullptr)
            return std::nullopt;
        const topic_partition id{known->id, index};
        return seen_->partitions.contains(id) ? std::optional(id) : std::nullopt;
    }
    void ask_end(const topic_partition& partition, const offset_query& query) override {
        send(seen_->partitions.at(partition), query);
    }
    void ask_record(const topic_partition& partition, const read_request& query) override {
        send(seen_->partitions.at(partition), query);
    }
    void done(lag_report report) override {
        seen_ = nullptr;
        told_at_ = node_.clock->monotonic_now();
        text_ = std::make_shared<const std::string>(lag_text(report, node_.clock->wall_now()));
        for (const auto& asker : std::exchange(waiting_, {}))
            send(asker, lag_told{text_});
    }

    runtime::node_services& node_;
    std::shared_ptr<const published_view> view_;
    /// Whom the running round asks.
    std::shared_ptr<const broker_view> seen_;
    consumer_lag machine_;
    /// At most as many as there are HTTP connections.
    std::vector<caf::actor> waiting_;
    std::shared_ptr<const std::string> text_;
    monotonic_ns told_at_;
};

} // namespace

caf::actor spawn_consumer_lag(runtime::node_services& node, std::size_t partitions_max,
                              std::shared_ptr<const published_view> view) {
    return runtime::spawn<caf::actor, lag_actor>(node, {loop_index(0), "consumer lag"}, partitions_max,
                                                 std::move(view));
}

} // namespace barnabas
