#pragma once

#include "actors/broker/blocked_partitions.hpp"
#include "actors/broker/broker_effects.hpp"
#include "actors/broker/data_directories.hpp"
#include "actors/broker/directory_orders.hpp"
#include "actors/broker/log_dirs_messages.hpp"
#include "actors/broker/moving/move_messages.hpp"
#include "actors/broker/opening_progress.hpp"
#include "actors/broker/placement.hpp"
#include "actors/controller/metadata_image.hpp"
#include "actors/partition/partition_messages.hpp"
#include "protocol/model/planted_bugs.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace barnabas {

bool is_wanted(const describe_log_dirs_request& request, const std::string& topic, partition_index index);

/// For people.
std::string described(const std::string& topic, partition_index index);

/// What the set of partitions is told once.
struct partition_set_options {
    node_id node;
    /// Logs per directory that are recovered at the same time where the last stop was not clean.
    std::size_t recoveries_max = 1;
    /// From `opened_directories`.
    std::optional<log_offset> created_upto;
    planted_bugs planted;
};

/// The partitions stored on this broker, brought in line with one metadata image after another. Guarantees:
/// an image is published only when all its partitions here are open or have failed to open; a removed
/// partition loses its route before its files go; its directory is gone before a topic of the same name gets
/// one; directories that no metadata knows are never touched, only moved aside when their name is needed; a
/// partition that was once made here is never made anew, empty (card STO-09); what lies on a failed directory
/// is offline, and the rest goes on. Steps for each image: removals closed, directories set aside, new ones
/// opened, their making recorded, published, confirmed.
class partition_set {
public:
    partition_set(const partition_set_options& options, const std::vector<data_directory>& directories);

    /// Before the first image: what these have left here goes.
    void know_removed(removed_topics topics) { places_.know_removed(std::move(topics)); }
    void on_image(metadata_image_ptr image, broker_effects::effects& out);
    void on_partition_opened(const partition_opened& opened, broker_effects::effects& out);
    void on_partition_closed(const partition_closed& closed, broker_effects::effects& out);
    /// Its log takes nothing any more: it has no route from now on.
    void on_partition_offline(const topic_partition& id, broker_effects::effects& out);
    void on_directories_set_aside(const result<void>& outcome, broker_effects::effects& out);
    /// Partitions that found no room are tried again.
    void on_reopen_due(broker_effects::effects& out);
    void on_created_recorded(const result<void>& outcome, broker_effects::effects& out);
    /// What lies there is offline from now on. Only once per directory.
    void on_directory_failed(const std::string& directory, const error& why, broker_effects::effects& out);
    bool is_cordoned(const std::string& directory) const { return places_.is_cordoned(directory); }
    void set_short_of_room(const std::string& path, bool is) { places_.set_short_of_room(path, is); }
    /// The directory failed and does not come back: nobody waits for what was asked of it, from
    /// `settle_given_up` on. In partition_giving_up.cpp, as the next two.
    void give_up(const std::string& directory);
    /// To be called after each of the other events. What was waited for has failed.
    void settle_given_up(broker_effects::effects& out);
    /// The stop goes on without what is not closed: false when it is not known where that is.
    bool leave_unclosed();
    /// What AlterReplicaLogDirs asks for, in partition_moves.cpp. Codes: not_found (the directory),
    /// storage_error (the directory or the partition is offline), invalid_replica_assignment (the directory
    /// is cordoned), not_leader_or_follower and unknown_topic_or_partition (it goes there if it is made one
    /// day), invalid_topic (no future directory can have its name).
    errc move(const wanted_move& wanted, broker_effects::effects& out);
    /// What that order, which was answered with ok, wants will be done whatever happens to this process, or
    /// another order has taken its place.
    bool is_settled(const wanted_move& wanted) const;
    /// The move of the partition that runs goes to where the order wants it.
    bool is_target(const topic_partition& id, const wanted_move& wanted) const;
    void on_move_report(const move_report& report, broker_effects::effects& out);
    void on_handed_over(const partition_handed_over& closed, broker_effects::effects& out);
    /// From now on images are ignored and all partitions close; `is_closed` says when they have.
    void close_all(broker_effects::effects& out);

    bool is_closed() const noexcept;
    /// An image has been carried out and published.
    bool is_serving() const noexcept { return current_ != nullptr; }
    std::size_t opening_count() const noexcept { return waiting_.size(); }
    /// Bytes of logs that recovery has checked, and that it has to check.
    const std::shared_ptr<runtime::work_meter>& checked() const noexcept { return progress_.checked(); }
    std::size_t count() const noexcept { return partitions_.size(); }
    std::size_t failed_count() const;
    /// A partition was not opened, or closed without its files on stable storage: a stop is not clean then.
    bool left_unflushed() const noexcept { return !unflushed_.empty(); }
    bool left_unflushed(const std::string& directory) const { return unflushed_.contains(directory); }
    /// What the logs of the directory were when they closed, for the next start.
    closed_logs closed_in(const std::string& directory) const;
    std::vector<topic_partition> open_partitions() const;
    metadata_image_ptr image() const noexcept { return current_; }
    /// Open partitions in a data directory that the request wants to hear of, by topic and number.
    std::vector<described_partition> describe(const std::string& directory,
                                              const describe_log_dirs_request& request) const;

private:
    /// `failed` has no actor; `offline` has one, which refuses everything; that of `moving` keeps what
    /// clients ask for.
    enum class partition_state { opening, open, moving, offline, failed, closing };
    struct local_partition {
        partition_state state = partition_state::opening;
        std::string topic;
        std::string data_directory;
        log_offset created_at{0};
        bool is_new = false;
        /// What the checkpoints said of it at start, or when it was closed to be moved.
        checkpointed_offsets checkpointed{};
        /// Of a log that was closed to be moved, until it is opened again.
        std::optional<checkpointed_offsets> handed_over{};
        /// It was, since this process opened it.
        bool was_closed_here = false;
        /// It goes by the configs of the image that ended there.
        log_offset configured_at{0};
        leadership led{}; ///< as its actor knows
    };
    using partitions_by_id = std::map<topic_partition, local_partition>;
    struct local_move {
        std::string target;
        /// What was asked for meanwhile.
        std::string then{};
        bool cancelled = false;
        bool hands_over = false; ///< the log was told to close for it
        bool ended = false;      ///< before the log was closed
        /// The log went offline, or could not be closed for it, and who knows what its files lack.
        bool close_failed = false;
        bool begun = false; ///< a crash does not forget it any more
    };
    /// What the image at hand waits for.
    enum class step { none, removing, setting_aside, opening, recording };

    void next_image(broker_effects::effects& out);
    void begin_removals(broker_effects::effects& out);
    void remove(const topic_partition& id, broker_effects::effects& out);
    void begin_set_aside(broker_effects::effects& out);
    void set_aside_removed(broker_effects::set_aside_directories& aside, broker_effects::effects& out);
    void set_aside_again(broker_effects::effects& out);
    void on_set_aside_again(const result<void>& outcome, broker_effects::effects& out);
    void begin_opening(broker_effects::effects& out);
    void begin_recording(broker_effects::effects& out);
    void finish(broker_effects::effects& out);
    void open(const topic_metadata& topic, const partition_metadata& partition, broker_effects::effects& out);
    bool place_new(const topic_metadata& topic, const partition_metadata& partition,
                   broker_effects::open_partition& opening, broker_effects::effects& out);
    bool is_recorded(const partition_metadata& partition) const;
    bool was_made_before(const partition_metadata& partition) const;
    bool make_elsewhere(const partition_opened& opened, broker_effects::effects& out);
    void take_outcome(const partition_opened& opened, local_partition& partition,
                      broker_effects::effects& out);
    void note_cut(const partition_opened& opened, const local_partition& partition,
                  broker_effects::effects& out);
    void note_not_opened(const partition_opened& opened, const local_partition& partition,
                         broker_effects::effects& out);
    bool is_blocked(const partition_opened& opened, const local_partition& partition);
    void reopen_later(broker_effects::effects& out);
    void after_reopening(const topic_partition& id, broker_effects::effects& out);
    void note_progress(const std::optional<std::string>& line, broker_effects::effects& out);
    void note_long_check(broker_effects::effects& out);
    void move_to(const topic_partition& id, const std::string& directory, broker_effects::effects& out);
    void begin_move(const topic_partition& id, const std::string& directory, const std::string& unique_id,
                    broker_effects::effects& out);
    void on_move_ended(const move_report& report, broker_effects::effects& out);
    void conclude_move(const topic_partition& id, broker_effects::effects& out);
    void give_up_moved(const topic_partition& id, broker_effects::effects& out);
    void reopen_moved(const topic_partition& id, broker_effects::effects& out);
    void on_moved_opened(const topic_partition& id, broker_effects::effects& out);
    void after_move(const topic_partition& id, const std::string& then, broker_effects::effects& out);
    void resume_moves(broker_effects::effects& out);
    bool resume_move(const std::string& directory, const stored_move& future, broker_effects::effects& out);
    void settle_discarded(broker_effects::effects& out);
    bool is_known(const std::string& topic, std::int32_t partition) const;
    bool settle_one_given_up(broker_effects::effects& out);
    void settle_move(const topic_partition& id, broker_effects::effects& out);
    void on_opened_late(const partition_opened& opened, broker_effects::effects& out);
    void on_handed_over_late(const partition_handed_over& closed, broker_effects::effects& out);
    void cancel_moves_of_removed(broker_effects::effects& out);
    void prefer(const wanted_move& wanted);
    std::optional<topic_partition> id_of(const std::string& topic, std::int32_t partition) const;
    partitions_by_id::iterator find_named(const std::string& topic, std::int32_t partition);
    std::vector<described_partition> describe_futures(const std::string& directory,
                                                      const describe_log_dirs_request& request) const;
    void publish(metadata_image_ptr image, broker_effects::effects& out);
    void configure_open(const metadata_image& image, broker_effects::effects& out);
    void note_unknown_directories(broker_effects::effects& out);
    void avoid_blank_directories();
    bool is_stored_here(const partition_metadata& partition) const;
    leadership leadership_in(const partition_metadata& partition) const;
    bool is_served(const topic_partition& id, const local_partition& partition) const;
    template <class Visit>
    void for_each_missing(const Visit& visit) const;

    partition_set_options options_;
    placement places_;
    /// Why each directory that failed is offline.
    std::map<std::string, std::string> lost_;
    /// What is opened, made and removed.
    directory_orders recoveries_;
    directory_orders makings_;
    directory_orders removals_;
    opening_progress progress_;
    /// Not made, though this process tried, by where it was decided: they must not be taken for made.
    std::map<topic_partition, log_offset> not_made_;
    /// What found no room, with its data directory, and what is being opened again now.
    std::map<topic_partition, std::string> without_room_;
    blocked_partitions blocked_;
    std::set<topic_partition> reopening_;
    std::set<topic_partition> reopened_; ///< and not shown before that is recorded as made
    bool reopen_armed_ = false;
    /// What is being recorded, and whether it failed and waits for `on_reopen_due`.
    log_offset recording_upto_{0};
    bool recording_failed_ = false;
    bool recording_waits_ = false;
    partitions_by_id partitions_;
    std::map<topic_partition, local_move> moves_;
    /// Directories that nobody waits for; partitions whose opening, or move, was not waited for.
    std::set<std::string> given_up_;
    std::set<topic_partition> opening_left_;
    std::set<topic_partition> moves_left_;
    /// Found at start, with their data directories; what is not settled yet.
    std::vector<std::pair<std::string, stored_move>> futures_;
    std::vector<std::pair<std::string, stored_move>> discarded_;
    /// Data directories of partitions that are not here, by the names of theirs.
    std::map<std::string, std::string> preferred_;
    metadata_image_ptr current_;
    metadata_image_ptr target_;
    metadata_image_ptr pending_;
    metadata_image_ptr published_; ///< what connections see
    log_offset broker_configured_at_{0};
    step step_ = step::none;
    std::set<topic_partition> waiting_;
    bool closing_ = false;
    /// Asked for with every message.
    mutable std::optional<std::size_t> failed_known_;
    bool noted_unknown_ = false;
    /// Directories with a partition for which `left_unflushed` holds.
    std::set<std::string> unflushed_;
    std::map<std::string, closed_logs> closed_;
};

} // namespace barnabas
