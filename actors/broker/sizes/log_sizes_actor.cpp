#include "actors/broker/sizes/log_sizes_actor.hpp"

#include "actors/broker/limits.hpp"
#include "actors/broker/sizes/log_sizes.hpp"
#include "actors/broker/sizes/log_sizes_messages.hpp"
#include "runtime/clock/clock.hpp"
#include "runtime/node/spawn.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <utility>
#include <vector>

namespace barnabas {

namespace {

class log_sizes_actor final : public caf::event_based_actor {
public:
    log_sizes_actor(caf::actor_config& config, runtime::node_services& node,
                    std::shared_ptr<const published_view> view)
        : event_based_actor(config), node_(node), view_(std::move(view)),
          machine_(broker_limits::log_sizes_max) {}

    const char* name() const override { return "log sizes"; }
    void on_exit() override { waiting_.clear(); }

    caf::behavior make_behavior() override {
        return {
            [this](const log_sizes_wanted&) { on_wanted(); },
            [this](const log_size_response& size) {
                machine_.on_size(size);
                if (machine_.complete())
                    tell();
            },
            [this](const log_sizes_due& message) {
                if (message.round == round_)
                    tell();
            },
            [this](const close_log_sizes&) { quit(); },
        };
    }

private:
    void on_wanted() {
        const auto asker = caf::actor_cast<caf::actor>(current_sender());
        const auto now = node_.clock->monotonic_now();
        if (text_ != nullptr && std::chrono::nanoseconds(now - told_at_) <= broker_limits::log_sizes_age_max)
            return send(asker, log_sizes_told{text_});
        waiting_.push_back(asker);
        if (waiting_.size() == 1)
            begin();
    }

    void begin() {
        const auto seen = view_->current();
        const auto wanted = machine_.begin(
            *seen->image, [&](const topic_partition& id) { return seen->partitions.contains(id); });
        for (std::size_t i = 0; i < wanted.size(); ++i)
            send(seen->partitions.at(wanted[i]), log_size_query{machine_.first_token() + i});
        if (machine_.complete())
            return tell();
        delayed_send(this, broker_limits::log_sizes_round_max, log_sizes_due{++round_});
    }

    /// Answers that come late find nobody who waits.
    void tell() {
        if (waiting_.empty())
            return;
        told_at_ = node_.clock->monotonic_now();
        text_ = std::make_shared<const std::string>(machine_.text());
        for (const auto& asker : std::exchange(waiting_, {}))
            send(asker, log_sizes_told{text_});
    }

    runtime::node_services& node_;
    std::shared_ptr<const published_view> view_;
    log_sizes machine_;
    std::uint64_t round_ = 0;
    /// At most as many as there are HTTP connections.
    std::vector<caf::actor> waiting_;
    std::shared_ptr<const std::string> text_;
    monotonic_ns told_at_;
};

} // namespace

caf::actor spawn_log_sizes(runtime::node_services& node, std::shared_ptr<const published_view> view) {
    return runtime::spawn<caf::actor, log_sizes_actor>(node, {loop_index(0), "log sizes"}, std::move(view));
}

} // namespace barnabas
