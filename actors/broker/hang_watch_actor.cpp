#include "actors/broker/hang_watch_actor.hpp"

#include "actors/broker/broker_events.hpp"
#include "actors/broker/limits.hpp"
#include "runtime/clock/clock.hpp"
#include "runtime/config/data_directories.hpp"
#include "runtime/disk/call_watch.hpp"
#include "runtime/node/spawn.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <chrono>
#include <map>
#include <string>
#include <utility>

namespace barnabas {

namespace {

using std::chrono::milliseconds;

class hang_watch_actor final : public caf::event_based_actor {
public:
    hang_watch_actor(caf::actor_config& actor_config, runtime::node_services& node,
                     const broker_config& config, caf::actor broker)
        : event_based_actor(actor_config), node_(node), broker_(std::move(broker)),
          limits_(hang_limits_of(config)), calls_(runtime::call_watch::of(*node.disk)),
          interval_(
              std::clamp(limits_.told_after / 2, milliseconds(1), broker_limits::hang_look_interval_max)) {
        for (const auto& path : data_directories_of(config))
            told_[path] = told::nothing;
    }

    const char* name() const override { return "hang watch"; }
    void on_exit() override { broker_ = nullptr; }

    caf::behavior make_behavior() override {
        look();
        return {
            [this](const hang_due&) { look(); },
            [this](const close_hang_watch&) { quit(); },
        };
    }

private:
    enum class told { nothing, hangs, too_long };

    void look() {
        const auto now = node_.clock->monotonic_now();
        // After the process stood still calls look old that are about to return: another look decides.
        const auto since = std::chrono::nanoseconds(now.get() - std::exchange(looked_, now).get());
        const bool stood_still = since > 2 * interval_;
        for (auto& [path, before] : told_)
            look_at(path, before, stood_still);
        delayed_send(this, interval_, hang_due{});
    }

    void look_at(const std::string& path, told& before, bool stood_still) {
        directory_wait wait;
        wait.path = path;
        if (const auto call = calls_->oldest_call(path)) {
            wait.what = call->what;
            wait.age = std::chrono::duration_cast<milliseconds>(call->age);
        }
        if (wait.age < limits_.told_after) {
            if (std::exchange(before, told::nothing) != told::nothing)
                tell(std::move(wait), directory_wait::kind::answers);
            return;
        }
        if (before == told::nothing) {
            before = told::hangs;
            return tell(std::move(wait), directory_wait::kind::hangs);
        }
        const bool too_long =
            limits_.offline_after > milliseconds(0) && wait.age >= limits_.offline_after && !stood_still;
        if (before == told::hangs && too_long) {
            before = told::too_long;
            tell(std::move(wait), directory_wait::kind::too_long);
        }
    }

    void tell(directory_wait wait, directory_wait::kind how) {
        wait.how = how;
        send(broker_, directory_waits{std::move(wait)});
    }

    runtime::node_services& node_;
    caf::actor broker_;
    hang_limits limits_;
    const runtime::call_watch* calls_;
    milliseconds interval_;
    monotonic_ns looked_{0};
    std::map<std::string, told> told_;
};

} // namespace

caf::actor spawn_hang_watch(runtime::node_services& node, const broker_config& config, caf::actor broker) {
    const bool wanted = hang_limits_of(config).told_after > milliseconds(0);
    if (!wanted || runtime::call_watch::of(*node.disk) == nullptr)
        return {};
    return runtime::spawn<caf::actor, hang_watch_actor>(node, {loop_index(0), "hang watch"}, config,
                                                        std::move(broker));
}

} // namespace barnabas
