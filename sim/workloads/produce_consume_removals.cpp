// Topics that go and come again in a run, and what must be left of them in the end.

#include "sim/checkers/removed_topics_go.hpp"
#include "sim/workloads/produce_consume.hpp"

namespace barnabas::sim {

namespace {

/// A start removes what it finds of deleted topics in the background, some at a time.
constexpr std::int64_t removal_limit_ns = 10 * second;
constexpr std::int64_t removal_look_interval_ns = 50 * millisecond;

} // namespace

void produce_consume::start_recreations() {
    if (options_.topics.empty() || options_.recreations.interval_ns == 0)
        return;
    topic_recreator::parts parts;
    parts.broker = {broker_.host().name(), simulated_broker::port};
    parts.topics = &options_.topics;
    parts.until = options_.faults.healing;
    parts.on_goes = [this](std::uint32_t topic) {
        tell("topic " + options_.topics[topic].name + " shall go");
        history_.on_topic_goes(topic, lives_.newest(topic), world_.now());
        lives_.goes(topic);
        members_->on_topic_goes(topic);
        look_at_invariants();
    };
    parts.on_gone = [this](std::uint32_t topic) {
        tell("topic " + options_.topics[topic].name + " is gone");
        members_->on_topic_gone(topic);
        look_at_invariants();
    };
    parts.on_there = [this](std::uint32_t topic, const topic_id& id) {
        tell("topic " + options_.topics[topic].name + " is there as " + to_string(id) + ", number " +
             std::to_string(lives_.number_of(topic, id)));
    };
    parts.on_problem = [this](const std::string& what) {
        if (!disk_may_show())
            fail("node", what);
    };
    recreator_ =
        std::make_unique<topic_recreator>(world_, network_, watched_, options_.recreations, std::move(parts));
    recreator_->begin();
}

/// A run without somebody who makes topics again knows of no other.
place produce_consume::place_of(std::uint32_t topic, const topic_id& id, std::int32_t partition) {
    return {topic, partition, lives_.number_of(topic, id)};
}

/// What lies in the data directories now, of topics that the recreator knows.
directories_of_topics produce_consume::directories_left() {
    directories_of_topics left;
    left.removed = recreator_->removed();
    for (std::uint32_t topic = 0; topic < options_.topics.size() && recreator_->is_settled(); ++topic)
        for (std::int32_t partition = 0; partition < options_.topics[topic].partitions; ++partition)
            left.alive[options_.topics[topic].name + "-" + std::to_string(partition)] =
                *recreator_->newest(topic);
    const auto& disk = broker_.host().disk();
    for (const auto& data_directory : broker_.log_dirs())
        for (const auto& [name, files] : disk.directories_in(data_directory)) {
            const auto path = data_directory + "/" + name;
            const auto text = disk.content(path + "/partition.metadata");
            left.found.push_back({path, name, topic_named_in(text), files});
        }
    return left;
}

/// The start behind the last death of the broker found what deletions had left, and removes it; a run without
/// faults has nothing to find.
bool produce_consume::removals_are_done() {
    if (recreator_ == nullptr || options_.faults.lossy)
        return true;
    auto why = badly_removed(directories_left());
    for (const auto until = world_.now() + removal_limit_ns; !why.empty() && world_.now() < until;) {
        if (!world_.run_for(removal_look_interval_ns))
            return false;
        why = badly_removed(directories_left());
    }
    fail_unless_without(removed_topics_go, why);
    return !world_.failed();
}

} // namespace barnabas::sim
