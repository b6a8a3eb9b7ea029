#pragma once

#include "actors/broker/data_directories.hpp"
#include "protocol/model/error.hpp"

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace barnabas {

/// Topics that were deleted before this start.
using removed_topics = std::shared_ptr<const std::set<topic_id>>;

/// The directories of `log.dirs` as places for partitions: which can be used, how full they are, and what was
/// found in them at start. Plain state of `partition_set`.
class placement {
public:
    explicit placement(const std::vector<data_directory>& directories);

    /// The place for a new partition: the usable directory with the fewest partitions, the first of equals,
    /// one that is cordoned or short of room only if all are (the controller took the partition before the
    /// last was cordoned, or the others are offline); or `preferred`, if it is not cordoned. storage_error
    /// when none is usable.
    result<std::string> choose(const std::string& preferred = "") const;
    void added(const std::string& directory) { move_count(directory, 1); }
    void removed(const std::string& directory) { move_count(directory, -1); }

    /// One of `log.dirs`.
    bool is_known(const std::string& directory) const;
    bool is_cordoned(const std::string& directory) const;
    /// What clients have altered of `cordoned.log.dirs`, for all brokers and for this one.
    void follow_cordon(const std::map<std::string, std::string>& for_all,
                       const std::map<std::string, std::string>& here);
    bool is_offline(const std::string& directory) const;
    void set_offline(const std::string& directory);
    /// It takes no records for now.
    void set_short_of_room(const std::string& directory, bool is_short);
    /// Something that was made here is missing, so that what held nothing at start may stand for a disk that
    /// is not mounted, and hide what it takes when that comes back: it is chosen only if all others cannot
    /// be.
    void avoid_blank(bool avoided) { avoids_blank_ = avoided; }
    /// A directory was offline at start, or was empty: what is missing may lie elsewhere.
    bool incomplete_at_start() const noexcept { return incomplete_at_start_; }

    struct stored_place {
        std::string directory;
        stored_partition partition;
        bool was_stopped_cleanly = false;
    };
    /// Takes out the directory of this partition: the one with its id, else one whose identity is damaged.
    std::optional<stored_place> take(const std::string& name, const topic_id& id);
    /// Whether `take` would find one.
    bool holds(const std::string& name, const topic_id& id) const;
    /// Takes out what bears this name and belongs to another topic, or to none, or was made for this one and
    /// never written to, where there is another.
    std::vector<stored_place> take_strangers(const std::string& name, const topic_id& id);
    void know_removed(removed_topics topics) { removed_ = std::move(topics); }
    /// Takes out what belongs to one of those, where it can be reached.
    std::vector<stored_place> take_removed();
    /// They may still have their names.
    void put_back_removed();
    /// Known until `forget_removed`.
    bool is_of_removed(const stored_partition& stored) const {
        return removed_ != nullptr && stored.id && removed_->contains(*stored.id);
    }
    /// Once they are dealt with.
    removed_topics forget_removed() {
        taken_.clear();
        return std::exchange(removed_, nullptr);
    }
    /// Files of a removed partition may still lie there, under its name.
    void left_behind(const std::string& directory, const std::string& name);
    const std::multimap<std::string, stored_place>& stored() const noexcept { return stored_; }

private:
    struct place {
        std::string path;
        std::size_t count = 0;
        bool cordoned = false;
        bool offline = false;
        bool short_of_room = false;
        /// It held no partition at start.
        bool blank = false;
    };
    void move_count(const std::string& directory, int by);
    using stored_iterator = std::multimap<std::string, stored_place>::iterator;
    /// The one to open, of all with this name.
    stored_iterator find(const std::string& name, const topic_id& id);

    /// In the order of `log.dirs`.
    std::vector<place> places_;
    std::vector<std::string> cordoned_in_file_;
    /// Found at start and not opened yet, by directory name; the same name may be in several directories.
    std::multimap<std::string, stored_place> stored_;
    bool incomplete_at_start_ = false;
    bool avoids_blank_ = false;
    removed_topics removed_;
    /// What `take_removed` took.
    std::vector<stored_place> taken_;
};

} // namespace barnabas
