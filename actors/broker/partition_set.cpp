#include "actors/broker/partition_set.hpp"

#include "actors/broker/small_files.hpp"
#include "protocol/model/assert.hpp"
#include "protocol/model/mark.hpp"

#include <algorithm>

namespace barnabas {

namespace effects = broker_effects;

namespace {

std::string described(const std::string& topic, partition_index index) {
    return "partition " + std::to_string(index.get()) + " of topic '" + topic + "'";
}

} // namespace

partition_set::partition_set(node_id node, const std::vector<data_directory>& directories) : node_(node) {
    for (const auto& directory : directories) {
        if (!directory.holds_partitions)
            continue;
        load_.emplace_back(directory.path, directory.partitions.size());
        for (const auto& stored : directory.partitions)
            stored_.emplace(stored.directory_name, std::pair(directory.path, stored));
    }
    BARNABAS_ASSERT(!load_.empty());
    // The metadata log is the controller's.
    stored_.erase("__cluster_metadata-0");
}

void partition_set::on_image(metadata_image_ptr image, effects::effects& out) {
    BARNABAS_ASSERT(image != nullptr);
    if (closing_)
        return;
    // Only the newest counts: confirming it confirms those before it.
    pending_ = std::move(image);
    next_image(out);
}

void partition_set::next_image(effects::effects& out) {
    if (step_ != step::none || pending_ == nullptr)
        return;
    target_ = std::move(pending_);
    pending_ = nullptr;
    begin_removals(out);
}

void partition_set::begin_removals(effects::effects& out) {
    step_ = step::removing;
    BARNABAS_ASSERT(waiting_.empty());
    for (const auto& [id, partition] : partitions_)
        if (!target_->topic_names.contains(id.topic))
            waiting_.insert(id);
    if (waiting_.empty())
        return begin_set_aside(out);
    // First nobody finds them any more; new topics stay unseen until they are open.
    auto without = std::make_shared<metadata_image>(*current_);
    for (const auto& id : waiting_) {
        auto& partition = partitions_.at(id);
        without->topics.erase(partition.topic);
        without->topic_names.erase(id.topic);
    }
    std::vector<effects::effect> closings;
    for (const auto& id : waiting_) {
        auto& partition = partitions_.at(id);
        if (BARNABAS_MARK_IF(partition.state == partition_state::failed, failed_partition_deleted))
            closings.emplace_back(effects::remove_partition_files{
                id, join_path(partition.data_directory,
                              partition_directory_name(partition.topic, id.partition))});
        else
            closings.emplace_back(effects::close_partition{id, true});
        BARNABAS_MARK(partition_deleted);
        partition.state = partition_state::closing;
    }
    publish(std::move(without), out);
    out.insert(out.end(), std::make_move_iterator(closings.begin()), std::make_move_iterator(closings.end()));
}

void partition_set::begin_set_aside(effects::effects& out) {
    step_ = step::setting_aside;
    effects::set_aside_directories aside;
    for_each_missing([&](const topic_metadata& topic, const partition_metadata& partition) {
        const auto name = partition_directory_name(topic.name, partition.index);
        const auto found = stored_.find(name);
        if (found == stored_.end())
            return;
        // One whose identity is damaged is opened: the log says what is wrong with it.
        const auto& stored = found->second.second;
        if (!stored.is_fragment && stored.id.value_or(topic.id) == topic.id)
            return;
        const auto path = join_path(found->second.first, name);
        BARNABAS_MARK(partition_directory_set_aside);
        aside.renames.emplace_back(path,
                                   path + (stored.id ? "." + to_string(*stored.id) : ".fragment") + "-stray");
        stored_.erase(found);
    });
    if (aside.renames.empty())
        return begin_opening(out);
    for (const auto& [from, to] : aside.renames)
        out.emplace_back(effects::note{effects::note_level::warn, "partition_directory_set_aside",
                                       from + " is what is left of another topic; it is moved to " + to});
    out.emplace_back(std::move(aside));
}

void partition_set::on_directories_set_aside(const result<void>& outcome, effects::effects& out) {
    BARNABAS_ASSERT(step_ == step::setting_aside);
    // A partition whose place is still taken fails to open by itself, with a reason of its own.
    if (!outcome)
        out.emplace_back(effects::note{effects::note_level::error, "partition_directory_not_set_aside",
                                       to_string(outcome.failure())});
    if (!closing_)
        begin_opening(out);
    else
        step_ = step::none;
}

void partition_set::begin_opening(effects::effects& out) {
    step_ = step::opening;
    // Collected first, since opening changes what is missing.
    std::vector<std::pair<const topic_metadata*, const partition_metadata*>> missing;
    for_each_missing([&](const topic_metadata& topic, const partition_metadata& partition) {
        missing.emplace_back(&topic, &partition);
    });
    for (const auto& [topic, partition] : missing)
        open(*topic, *partition, out);
    note_unknown_directories(out);
    if (waiting_.empty())
        finish(out);
}

void partition_set::open(const topic_metadata& topic, const partition_metadata& partition,
                         effects::effects& out) {
    effects::open_partition opening;
    opening.id = {topic.id, partition.index};
    opening.topic = topic.name;
    opening.leader_epoch = partition.leader_epoch;
    opening.configs = topic.configs;
    const auto found = stored_.find(partition_directory_name(topic.name, partition.index));
    if (found != stored_.end()) {
        opening.data_directory = found->second.first;
        opening.checkpointed = found->second.second.checkpointed;
        stored_.erase(found);
    } else {
        opening.create = true;
        opening.data_directory = directory_with_fewest_partitions();
        for (auto& [path, count] : load_)
            if (path == opening.data_directory)
                ++count;
        // In the first image after a start every partition should have a directory.
        if (current_ == nullptr)
            out.emplace_back(effects::note{effects::note_level::warn, "partition_directory_missing",
                                           described(topic.name, partition.index) +
                                               " has no directory; an empty one is made"});
    }
    waiting_.insert(opening.id);
    partitions_[opening.id] = {partition_state::opening, topic.name, opening.data_directory};
    out.emplace_back(std::move(opening));
}

void partition_set::on_partition_opened(const partition_opened& opened, effects::effects& out) {
    const auto found = partitions_.find(opened.partition);
    BARNABAS_ASSERT(found != partitions_.end() && found->second.state == partition_state::opening);
    BARNABAS_ASSERT(waiting_.erase(opened.partition) == 1);
    auto& partition = found->second;
    const auto what = described(partition.topic, opened.partition.partition);
    if (opened.code != errc::ok) {
        partition.state = partition_state::failed;
        left_unflushed_ = true;
        out.emplace_back(
            effects::note{effects::note_level::error, "partition_not_opened",
                          what + " is not served: " + to_string(error{opened.code, opened.detail})});
    } else {
        partition.state = partition_state::open;
        if (opened.bytes_cut != 0)
            out.emplace_back(effects::note{effects::note_level::warn, "partition_tail_cut",
                                           what + ": recovery cut " + std::to_string(opened.bytes_cut) +
                                               " bytes of an unfinished write"});
    }
    if (closing_) {
        if (partition.state == partition_state::failed) {
            partitions_.erase(found);
            return;
        }
        partition.state = partition_state::closing;
        out.emplace_back(effects::close_partition{opened.partition, false});
        return;
    }
    if (waiting_.empty())
        finish(out);
}

void partition_set::on_partition_closed(const partition_closed& closed, effects::effects& out) {
    const auto found = partitions_.find(closed.partition);
    if (found == partitions_.end())
        return;
    BARNABAS_ASSERT(found->second.state == partition_state::closing);
    if (closed.code != errc::ok) {
        left_unflushed_ = true;
        out.emplace_back(effects::note{effects::note_level::warn, "partition_not_closed",
                                       described(found->second.topic, closed.partition.partition) + ": " +
                                           to_string(error{closed.code, closed.detail})});
    }
    for (auto& [path, count] : load_)
        if (path == found->second.data_directory && count != 0)
            --count;
    partitions_.erase(found);
    waiting_.erase(closed.partition);
    if (!closing_ && step_ == step::removing && waiting_.empty())
        begin_set_aside(out);
}

void partition_set::finish(effects::effects& out) {
    BARNABAS_ASSERT(waiting_.empty());
    step_ = step::none;
    current_ = std::move(target_);
    target_ = nullptr;
    publish(current_, out);
    out.emplace_back(effects::confirm_applied{current_->applied});
    next_image(out);
}

void partition_set::publish(metadata_image_ptr image, effects::effects& out) const {
    out.emplace_back(effects::publish_view{std::move(image), open_partitions()});
}

void partition_set::close_all(effects::effects& out) {
    closing_ = true;
    pending_ = nullptr;
    // One that could not be opened has no files open.
    std::erase_if(partitions_, [](const auto& one) { return one.second.state == partition_state::failed; });
    for (auto& [id, partition] : partitions_) {
        // One that is being opened closes as soon as it has opened.
        if (partition.state != partition_state::open)
            continue;
        partition.state = partition_state::closing;
        out.emplace_back(effects::close_partition{id, false});
    }
}

bool partition_set::is_closed() const noexcept {
    return closing_ && partitions_.empty() && step_ != step::setting_aside;
}

std::size_t partition_set::failed_count() const noexcept {
    return static_cast<std::size_t>(
        std::count_if(partitions_.begin(), partitions_.end(),
                      [](const auto& one) { return one.second.state == partition_state::failed; }));
}

std::vector<topic_partition> partition_set::open_partitions() const {
    std::vector<topic_partition> routes;
    for (const auto& [id, partition] : partitions_)
        if (partition.state == partition_state::open)
            routes.push_back(id);
    return routes;
}

std::string partition_set::directory_with_fewest_partitions() const {
    const auto fewest = std::min_element(load_.begin(), load_.end(),
                                         [](const auto& a, const auto& b) { return a.second < b.second; });
    return fewest->first;
}

bool partition_set::is_stored_here(const partition_metadata& partition) const {
    return std::find(partition.replicas.begin(), partition.replicas.end(), node_) != partition.replicas.end();
}

void partition_set::note_unknown_directories(effects::effects& out) {
    if (std::exchange(noted_unknown_, true))
        return;
    for (const auto& [name, stored] : stored_)
        out.emplace_back(effects::note{effects::note_level::warn, "partition_directory_unknown",
                                       join_path(stored.first, name) +
                                           " belongs to no topic of this cluster; it is left alone"});
}

template <class Visit>
void partition_set::for_each_missing(const Visit& visit) const {
    for (const auto& [name, topic] : target_->topics)
        for (const auto& partition : topic.partitions)
            if (is_stored_here(partition) && !partitions_.contains({topic.id, partition.index}))
                visit(topic, partition);
}

} // namespace barnabas
