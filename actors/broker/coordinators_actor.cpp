#include "actors/broker/coordinators_actor.hpp"

#include "actors/group/group_messages.hpp"
#include "actors/group/group_names.hpp"
#include "protocol/model/mark.hpp"
#include "runtime/config/group_config.hpp"
#include "runtime/config/topic_config.hpp"
#include "runtime/random/random.hpp"

#include <caf/send.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

namespace barnabas {

namespace {

using std::chrono::milliseconds;

group::migration_policy policy_of(const std::string& word) {
    if (word == "upgrade")
        return group::migration_policy::upgrade;
    if (word == "downgrade")
        return group::migration_policy::downgrade;
    return word == "disabled" ? group::migration_policy::disabled : group::migration_policy::bidirectional;
}

group::consumer_group_options consumer_options_of(const broker_config& config) {
    group::consumer_group_options options;
    options.session_timeout = milliseconds(config.group_consumer_session_timeout_ms);
    options.heartbeat_interval = milliseconds(config.group_consumer_heartbeat_interval_ms);
    options.members_max = config.group_consumer_max_size;
    options.assignors = config.group_consumer_assignors;
    options.migration = policy_of(config.group_consumer_migration_policy);
    return options;
}

group::group_options options_of(const broker_config& config, const planted_bugs& planted) {
    group::group_options options;
    options.session_timeout_min = milliseconds(config.group_min_session_timeout_ms);
    options.session_timeout_max = milliseconds(config.group_max_session_timeout_ms);
    options.initial_rebalance_delay = milliseconds(config.group_initial_rebalance_delay_ms);
    options.members_max = config.group_max_size;
    options.offset_metadata_max = config.offset_metadata_max_bytes;
    options.offsets_retention = std::chrono::minutes(config.offsets_retention_minutes);
    options.expiry_interval = milliseconds(config.offsets_retention_check_interval_ms);
    options.consumer = consumer_options_of(config);
    options.planted = planted;
    return options;
}

std::shared_ptr<const group::own_options_by_group> own_options_of(const group_rules& rules,
                                                                  const metadata_image& image) {
    if (image.group_configs.empty())
        return nullptr;
    const auto duration = [](std::optional<std::int32_t> number) {
        return number ? std::optional(milliseconds(*number)) : std::nullopt;
    };
    group::own_options_by_group own;
    for (const auto& [name, configs] : image.group_configs) {
        const auto config = own_group_config(rules, configs);
        own[name] = {duration(config.session_timeout_ms), duration(config.heartbeat_interval_ms)};
    }
    return std::make_shared<const group::own_options_by_group>(std::move(own));
}

/// A batch's head takes its part of them.
std::size_t without_head(std::int32_t bytes) {
    constexpr std::int32_t head = 128;
    return static_cast<std::size_t>(std::max(bytes - head, 0));
}

/// Names whose topics are not there any more; one that was made again counts.
std::shared_ptr<const std::set<std::string>> deleted_between(const metadata_image_ptr& before,
                                                             const metadata_image_ptr& after) {
    std::set<std::string> gone;
    if (before && before != after)
        for (const auto& [name, topic] : before->topics) {
            const auto* now = after->find_topic(name);
            if (now == nullptr || now->id != topic.id)
                gone.insert(name);
        }
    return gone.empty() ? nullptr : std::make_shared<const std::set<std::string>>(std::move(gone));
}

} // namespace

coordinators::coordinators(runtime::node_services& node, const broker_config& config,
                           const planted_bugs& planted)
    : node_(node), config_(config), planted_(planted) {}

std::shared_ptr<const group::group_options> coordinators::options_for(const topic_metadata& topic,
                                                                      const broker_view& view) {
    // The topic has segments of the size that it was made with.
    const auto limits = effective(view.config ? *view.config : config_, topic.configs);
    const auto bytes_max = without_head(std::min(limits.max_message_bytes, limits.segment_bytes));
    const auto decision_max = without_head(limits.segment_bytes);
    const auto configured_at = view.image->group_configs_at;
    if (options_ && options_->record_bytes_max == bytes_max && options_->decision_bytes_max == decision_max &&
        groups_configured_at_ == configured_at)
        return options_;
    auto made = options_of(config_, planted_);
    made.record_bytes_max = bytes_max;
    made.decision_bytes_max = decision_max;
    made.consumer.own = own_options_of(group_rules_of(config_), *view.image);
    groups_configured_at_ = configured_at;
    options_ = std::make_shared<const group::group_options>(std::move(made));
    return options_;
}

bool coordinators::goes_on(const topic_partition& id, const one& known, const broker_view& view) const {
    const auto* topic = view.image->find_topic(group::offsets_topic);
    const auto index = static_cast<std::size_t>(id.partition.get());
    if (topic == nullptr || topic->id != id.topic || index >= topic->partitions.size())
        return false;
    const auto& partition = topic->partitions[index];
    return is_led_here(partition) && partition.leader_epoch == known.epoch && view.find(id) == known.log;
}

void coordinators::depose(const caf::actor& actor) {
    BARNABAS_MARK(coordinator_deposed);
    std::erase_if(deposed_, [](const auto& one) { return caf::actor_cast<caf::actor>(one) == nullptr; });
    deposed_.push_back(actor.address());
    caf::anon_send(actor, group::depose_coordinator{});
}

void coordinators::follow(broker_view& view) {
    const auto* topic = view.image->find_topic(group::offsets_topic);
    const auto gone = deleted_between(std::exchange(image_, view.image), view.image);
    for (auto at = running_.begin(); at != running_.end();) {
        if (goes_on(at->first, at->second, view)) {
            ++at;
            continue;
        }
        depose(at->second.actor);
        at = running_.erase(at);
    }
    if (topic == nullptr || closed_)
        return;
    const auto options = options_for(*topic, view);
    for (const auto& partition : topic->partitions) {
        auto& place = view.coordinators.emplace_back();
        place.leader = partition.leader;
        const topic_partition id{topic->id, partition.index};
        const auto log = view.find(id);
        if (!log || !is_led_here(partition))
            continue;
        auto& here = running_[id];
        if (!here.actor) {
            const auto index = static_cast<std::uint32_t>(partition.index.get());
            const loop_index home(index % node_.scheduling->loop_count());
            here = {log, partition.leader_epoch,
                    group::spawn_coordinator(
                        node_, home, {id, log, partition.leader_epoch, options, spawned_++, view.image})};
        } else {
            caf::anon_send(here.actor, group::topics_seen{view.image, gone, options});
        }
        place.actor = here.actor;
    }
}

void coordinators::close() {
    closed_ = true;
    for (const auto& [id, one] : running_)
        caf::anon_send(one.actor, group::close_coordinator{});
    for (const auto& one : deposed_)
        if (const auto actor = caf::actor_cast<caf::actor>(one))
            caf::anon_send(actor, group::close_coordinator{});
    let_go();
}

} // namespace barnabas
