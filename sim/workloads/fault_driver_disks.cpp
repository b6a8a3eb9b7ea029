// Disks that are full, empty, old, taken away, or somebody else's, and files that lost their end.

#include "sim/workloads/fault_driver.hpp"

#include "actors/broker/checkpoint_file.hpp"
#include "actors/broker/clean_stop.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace barnabas::sim {

namespace {

/// Between two moves of what others have on a full disk, and how many of them go one way.
constexpr std::int64_t room_moves_every_ns = 50 * millisecond;
constexpr std::uint64_t moves_one_way = 8;
/// Others give back what they took in so many seconds at most.
constexpr std::uint64_t room_seconds_most = 1;

constexpr auto identity_file = "/meta.properties";

/// The file systems were unmounted in order, or the power failed.
power_cut_faults losses_of(const planned_fault& fault) {
    return fault.how == crash_kind::power_cut ? fault.losses : power_cut_faults::keep_all();
}

/// The text with another value for the key, and without the checksum, which would be another, too; empty when
/// there is none.
std::string with_another(const std::string& text, const std::string& key) {
    auto changed = text.substr(0, text.find("# crc32c"));
    const auto at = changed.find(key + "=");
    if (at == std::string::npos)
        return {};
    auto& first = changed[at + key.size() + 1];
    first = first == '7' ? '8' : '7';
    return changed;
}

constexpr std::size_t offset_digits = 20;

/// Nothing where there is no such file.
std::optional<std::string> text_of(const memory_disk& disk, const std::string& path) {
    const auto bytes = disk.content(path);
    if (!bytes)
        return std::nullopt;
    return std::string(reinterpret_cast<const char*>(bytes->data()), bytes->size());
}

/// What a checkpoint and its copy say of each partition in a data directory, the smaller one; nothing where
/// one says nothing.
std::map<partition_name, log_offset> recovery_points_of(const memory_disk& disk, const std::string& log_dir) {
    using offsets = std::map<partition_name, log_offset>;
    const auto decoded = [](const std::optional<std::string>& text) {
        auto read = text ? decode_checkpoint(*text) : result<offsets>(offsets());
        return read ? std::move(*read) : offsets();
    };
    auto points =
        decoded(text_of(disk, log_dir + std::string(file_name_of(checkpoint_kind::recovery_point))));
    auto copied = text_of(disk, log_dir + std::string(recovery_point_copy_name));
    if (copied) {
        auto text = decode_checkpoint_copy(*copied);
        copied = text ? std::optional(std::move(*text)) : std::nullopt;
    }
    const auto copies = decoded(copied);
    std::erase_if(points, [&](const auto& one) { return !copies.contains(one.first); });
    for (auto& [name, point] : points)
        point = std::min(point, copies.at(name));
    return points;
}

/// By the path of its directory, which ends with a slash; 0 where nothing vouches for it.
std::uint64_t recovery_point_of(const memory_disk& disk, const std::string& directory) {
    const auto begin = directory.rfind('/', directory.size() - 2) + 1;
    const auto dash = directory.rfind('-');
    if (dash == std::string::npos || dash < begin)
        return 0;
    const auto name = directory.substr(begin, dash - begin);
    for (const auto& [partition, point] : recovery_points_of(disk, directory.substr(0, begin)))
        if (partition.topic == name &&
            std::to_string(partition.partition.get()) + "/" == directory.substr(dash + 1))
            return static_cast<std::uint64_t>(point.get());
    return 0;
}

/// Files that were on stable storage for certain, and are no longer written: closed segments below a recovery
/// point, and what compaction was about to put in their place. With `checkpointed` only segments below the
/// recovery point of the checkpoint.
std::vector<std::string> proven_files(const memory_disk& disk, bool checkpointed) {
    const auto all = disk.checksums("");
    struct partition {
        std::set<std::string> logs;
        std::string newest_snapshot;
    };
    std::map<std::string, partition> partitions;
    std::vector<std::string> found;
    for (const auto& [path, sum] : all) {
        const auto begin = path.rfind('/') + 1;
        const auto offset = path.substr(begin, offset_digits);
        const auto suffix = path.substr(begin + offset.size());
        auto& of = partitions[path.substr(0, begin)];
        if (suffix == ".log")
            of.logs.insert(offset);
        if (suffix == ".snapshot")
            of.newest_snapshot = std::max(of.newest_snapshot, offset);
        if (suffix == ".log.swap" && !checkpointed)
            found.push_back(path);
    }
    for (const auto& [directory, of] : partitions) {
        const auto point = checkpointed && of.logs.size() > 1 ? recovery_point_of(disk, directory) : 0;
        for (auto log = of.logs.begin(); log != of.logs.end(); ++log)
            if (std::next(log) != of.logs.end() && *std::next(log) <= of.newest_snapshot &&
                (!checkpointed || std::stoull(*std::next(log)) <= point))
                found.push_back(directory + *log + ".log");
    }
    return found;
}

} // namespace

void fault_driver::fill_disk(const planned_fault& fault) {
    auto& disk = with_.broker->host().disk();
    disk.set_capacity(disk.used_bytes() + fault.bytes);
    disk_full_until_ = with_.time->now() + length(fault);
    full_by_ = &fault;
    if (fault.bytes_per_second > 0)
        move_room(fault, 0);
    later(length(fault), [this] {
        if (with_.time->now() >= disk_full_until_)
            with_.broker->host().disk().set_capacity(memory_disk::unlimited);
    });
}

/// Others write on the disk, and remove what they wrote.
void fault_driver::move_room(const planned_fault& fault, std::uint64_t step) {
    if (full_by_ != &fault || with_.time->now() >= disk_full_until_)
        return;
    auto& disk = with_.broker->host().disk();
    const auto used = disk.used_bytes();
    const auto amount = fault.bytes_per_second * room_moves_every_ns / static_cast<std::uint64_t>(second);
    auto free = disk.capacity() - std::min(disk.capacity(), used);
    if (runtime::random(fault.choice).split(step / moves_one_way).chance(1, 2))
        free = std::min(free + amount, fault.bytes_per_second * room_seconds_most);
    else
        free -= std::min(free, amount);
    disk.set_capacity(used + free);
    later(room_moves_every_ns, [this, &fault, step] { move_room(fault, step + 1); });
}

/// What is on the disk while something of it is away was never all that the broker had.
void fault_driver::begin_images() {
    images_.resize(plan_.faults.size());
    for (std::size_t number = 0; number < plan_.faults.size(); ++number) {
        const auto& fault = plan_.faults[number];
        if (fault.kind != fault_kind::old_image)
            continue;
        with_.time->schedule(
            std::max(fault.at - fault.age_ns, virtual_time(0)), world_owner, [this, &fault, number] {
                if (loan_ || shortened_ || taken_by_ != nullptr)
                    return;
                auto draws = runtime::random(fault.choice).split("image");
                images_[number] = with_.broker->host().disk().take_image(draws, losses_of(fault));
            });
    }
}

/// The machine is switched off, and on again with another disk in it.
void fault_driver::exchange(const planned_fault& fault, const std::string& place,
                            const memory_disk::image_ptr& with) {
    if (loan_ || shortened_ || taken_by_ != nullptr)
        return;
    auto& disk = with_.broker->host().disk();
    const auto losses = losses_of(fault);
    if (with_.broker->running())
        crash(crash_kind::power_cut, losses, fault.lasts_ns);
    // What the last process left may still be in memory.
    auto draws = runtime::random(fault.choice).split("power");
    disk.power_cut(draws, losses);
    disk.exchange(place, with);
}

void fault_driver::put_in_old_image(const planned_fault& fault) {
    const auto& image = images_.at(static_cast<std::size_t>(&fault - plan_.faults.data()));
    if (image == nullptr)
        return;
    const bool whole = with_.broker->log_dirs().size() < 2 || runtime::random(fault.choice).chance(1, 2);
    exchange(fault, whole ? std::string() : drawn_directory(fault), image);
}

std::string fault_driver::drawn_directory(const planned_fault& fault) const {
    const auto& paths = with_.broker->log_dirs();
    return paths[runtime::random(fault.choice).split("directory").below(paths.size())];
}

/// One at a time. What was in the machine comes back as it was.
void fault_driver::lend_disk(const planned_fault& fault) {
    const auto& paths = with_.broker->log_dirs();
    const bool foreign = fault.kind == fault_kind::other_disk;
    if (loan_ || shortened_ || taken_by_ != nullptr || (!foreign && paths.size() < 2))
        return;
    const bool whole = foreign && (paths.size() < 2 || runtime::random(fault.choice).chance(1, 2));
    const auto place = whole ? std::string() : drawn_directory(fault);
    auto& disk = with_.broker->host().disk();
    const auto losses = losses_of(fault);
    if (with_.broker->running())
        crash(crash_kind::power_cut, losses, 0);
    auto draws = runtime::random(fault.choice).split("power");
    disk.power_cut(draws, losses);
    loan lent{&fault, place, disk.take_image(draws, losses), {}, {}};
    if (!foreign)
        disk.exchange(place, nullptr);
    else if (!make_foreign(fault, place))
        return;
    if (foreign) {
        lent.foreign.emplace();
        lent.foreign->place = whole ? "every data directory" : place;
        lent.foreign->disturbed = plan_.disk.fails() || with_.time->now() < directory_lost_until_ || hang_;
        lent.checksums = disk.checksums("");
    }
    loan_ = std::move(lent);
    later(length(fault), [this, &fault] {
        if (loan_ && loan_->fault == &fault)
            end_loan();
    });
}

/// Somebody else's disk differs in nothing but in whose it is. False where none can be told from ours.
bool fault_driver::make_foreign(const planned_fault& fault, const std::string& place) {
    auto& disk = with_.broker->host().disk();
    const bool of_cluster = !place.empty() && runtime::random(fault.choice).split("whose").chance(1, 2);
    auto paths = with_.broker->log_dirs();
    if (!place.empty())
        paths = {place};
    std::map<std::string, std::string> texts;
    for (const auto& path : paths) {
        const auto own = text_of(disk, path + identity_file);
        if (!own)
            return false;
        texts[path] = with_another(*own, of_cluster ? "cluster.id" : "node.id");
        if (texts[path].empty())
            return false;
    }
    for (const auto& [path, text] : texts)
        disk.rewrite(path + identity_file, text);
    return true;
}

void fault_driver::end_loan() {
    auto lent = std::move(*std::exchange(loan_, std::nullopt));
    auto& disk = with_.broker->host().disk();
    if (lent.foreign)
        lent.foreign->served = lent.foreign->served || with_.broker->started();
    if (with_.broker->running())
        crash(crash_kind::power_cut, losses_of(*lent.fault), 0);
    auto draws = runtime::random(lent.fault->choice).split("back");
    disk.power_cut(draws, losses_of(*lent.fault));
    if (lent.foreign) {
        for (const auto& [path, sum] : disk.checksums(""))
            if (const auto before = lent.checksums.find(path);
                !path.ends_with("/.lock") && (before == lent.checksums.end() || before->second != sum))
                lent.foreign->changed.insert(path);
        for (const auto& [path, sum] : lent.checksums)
            if (!disk.content(path))
                lent.foreign->changed.insert(path);
    }
    disk.exchange(lent.place, lent.own);
    tell("the disk is put back");
    if (lent.foreign && with_.on_foreign_disk)
        with_.on_foreign_disk(*lent.foreign);
}

/// One at a time. Half of them are empty; of the others some lose less than a batch's header.
void fault_driver::shorten_file(const planned_fault& fault) {
    if (loan_ || shortened_ || taken_by_ != nullptr)
        return;
    auto& disk = with_.broker->host().disk();
    const auto losses = losses_of(fault);
    if (with_.broker->running())
        crash(crash_kind::power_cut, losses, 0);
    auto draws = runtime::random(fault.choice).split("power");
    disk.power_cut(draws, losses);
    const bool forgets = fault.kind == fault_kind::lost_snapshots;
    const auto files = proven_files(disk, forgets);
    if (files.empty())
        return;
    auto which = runtime::random(fault.choice).split("file");
    const auto& path = files[which.below(files.size())];
    const auto whole = text_of(disk, path).value_or("");
    if (whole.size() < 2)
        return;
    constexpr std::size_t lost_max = 60;
    const bool empties = which.chance(1, 2);
    auto lost = empties ? whole.size() : 1 + which.below(std::min(lost_max, whole.size() - 1));
    if (!empties && which.chance(1, 2))
        lost = 1 + which.below(whole.size() - 1);
    shortened_ = {&fault, path, whole, whole.size() - lost, {}};
    if (forgets)
        empty_snapshots(path);
    disk.rewrite(path, std::string_view(whole).substr(0, shortened_->kept));
    tell(path + " has " + std::to_string(shortened_->kept) + " of " + std::to_string(whole.size()) +
         " bytes");
    later(length(fault), [this, &fault] {
        if (shortened_ && shortened_->fault == &fault)
            end_shortening();
    });
}

void fault_driver::empty_snapshots(const std::string& beside) {
    auto& disk = with_.broker->host().disk();
    const auto directory = beside.substr(0, beside.rfind('/') + 1);
    for (const auto& [path, sum] : disk.checksums("")) {
        if (!path.starts_with(directory) || !path.ends_with(".snapshot"))
            continue;
        auto text = text_of(disk, path);
        if (!text)
            continue;
        shortened_->snapshots[path] = std::move(*text);
        disk.rewrite(path, "");
    }
}

/// It is brought back from a copy, if it is still missed. A stop in good order may have vouched for what was
/// left of it.
void fault_driver::end_shortening() {
    const auto was = *std::exchange(shortened_, std::nullopt);
    auto& disk = with_.broker->host().disk();
    if (with_.broker->running())
        crash(crash_kind::power_cut, losses_of(*was.fault), 0);
    auto draws = runtime::random(was.fault->choice).split("back");
    disk.power_cut(draws, losses_of(*was.fault));
    const auto left = disk.content(was.path);
    if (!left || left->size() != was.kept)
        return;
    disk.rewrite(was.path, was.whole);
    for (const auto& [path, content] : was.snapshots)
        disk.rewrite(path, content);
    for (const auto& directory : with_.broker->log_dirs())
        disk.rewrite(directory + "/" + std::string(clean_stop_marker), "");
    tell(was.path + " is whole again");
}

/// One at a time, and only what the broker has in use. Its files that are open go with the directory, so
/// nothing that it acknowledges is lost as long as it makes nothing in the empty place. One that begins with
/// an empty place and knows of no other directory cannot tell it from a new disk.
void fault_driver::take_directory(const planned_fault& fault) {
    auto& disk = with_.broker->host().disk();
    const auto place = drawn_directory(fault);
    const bool is_known = with_.broker->started() || with_.broker->log_dirs().size() > 1;
    if (loan_ || shortened_ || taken_by_ != nullptr || !with_.broker->running() || !is_known ||
        !disk.content(place + identity_file))
        return;
    taken_by_ = &fault;
    if (with_.on_directory_taken)
        with_.on_directory_taken(place);
    disk.take_away(place);
    tell(place + " is taken away");
    later(length(fault), [this, &fault] {
        if (taken_by_ == &fault)
            put_directory_back();
    });
}

/// Nobody puts it back under a process that runs.
void fault_driver::put_directory_back() {
    const auto& fault = *std::exchange(taken_by_, nullptr);
    if (with_.broker->running())
        crash(fault.how, fault.losses, 0);
    with_.broker->host().disk().put_back();
    tell("the directory is put back");
}

} // namespace barnabas::sim
