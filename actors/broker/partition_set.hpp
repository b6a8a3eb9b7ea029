#pragma once

#include "actors/broker/broker_effects.hpp"
#include "actors/broker/data_directories.hpp"
#include "actors/controller/metadata_image.hpp"
#include "actors/partition/partition_messages.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace barnabas {

/// The partitions stored on this broker, brought in line with one metadata image after another. Guarantees:
/// an image is published only when all its partitions here are open or have failed to open; a removed
/// partition loses its route before its files go; its directory is gone before a topic of the same name gets
/// one; directories that no metadata knows are never touched, only moved aside when their name is needed.
/// Steps for each image: removals closed, directories set aside, new ones opened, published, confirmed.
class partition_set {
public:
    partition_set(node_id node, const std::vector<data_directory>& directories);

    void on_image(metadata_image_ptr image, broker_effects::effects& out);
    void on_partition_opened(const partition_opened& opened, broker_effects::effects& out);
    void on_partition_closed(const partition_closed& closed, broker_effects::effects& out);
    void on_directories_set_aside(const result<void>& outcome, broker_effects::effects& out);
    /// From now on images are ignored and all partitions close; `is_closed` says when they have.
    void close_all(broker_effects::effects& out);

    bool is_closed() const noexcept;
    /// An image has been carried out and published.
    bool is_serving() const noexcept { return current_ != nullptr; }
    std::size_t opening_count() const noexcept { return waiting_.size(); }
    std::size_t count() const noexcept { return partitions_.size(); }
    std::size_t failed_count() const noexcept;
    /// A partition was not opened, or closed without its files on stable storage: a stop is not clean then.
    bool left_unflushed() const noexcept { return left_unflushed_; }
    std::vector<topic_partition> open_partitions() const;
    metadata_image_ptr image() const noexcept { return current_; }

private:
    enum class partition_state { opening, open, failed, closing };
    struct local_partition {
        partition_state state = partition_state::opening;
        std::string topic;
        std::string data_directory;
    };
    /// What the image at hand waits for.
    enum class step { none, removing, setting_aside, opening };

    void next_image(broker_effects::effects& out);
    void begin_removals(broker_effects::effects& out);
    void begin_set_aside(broker_effects::effects& out);
    void begin_opening(broker_effects::effects& out);
    void finish(broker_effects::effects& out);
    void open(const topic_metadata& topic, const partition_metadata& partition, broker_effects::effects& out);
    void publish(metadata_image_ptr image, broker_effects::effects& out) const;
    void note_unknown_directories(broker_effects::effects& out);
    std::string directory_with_fewest_partitions() const;
    bool is_stored_here(const partition_metadata& partition) const;
    template <class Visit>
    void for_each_missing(const Visit& visit) const;

    node_id node_;
    /// By data directory, in the order of `log.dirs`: how many partitions it holds.
    std::vector<std::pair<std::string, std::size_t>> load_;
    /// Found at start and not opened yet, by directory name; with the data directory.
    std::map<std::string, std::pair<std::string, stored_partition>> stored_;
    std::map<topic_partition, local_partition> partitions_;
    metadata_image_ptr current_;
    metadata_image_ptr target_;
    metadata_image_ptr pending_;
    step step_ = step::none;
    std::set<topic_partition> waiting_;
    bool closing_ = false;
    bool noted_unknown_ = false;
    bool left_unflushed_ = false;
};

} // namespace barnabas
