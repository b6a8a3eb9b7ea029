#include "runtime/disk/directory_gate.hpp"

#include "protocol/model/mark.hpp"
#include "protocol/model/slice.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace barnabas::runtime {

namespace {

/// A look a second: what is refused for a reason that nobody sees is tried, and logged, about once a minute.
constexpr int looks_held_max = 64;

/// A checkpoint of 100,000 partitions takes about 3 MB, and as much again while it is replaced; a record of
/// the metadata log a hundred bytes.
constexpr std::uint64_t kept_bytes_max = 8 << 20;
constexpr std::uint64_t kept_part_of_reserve = 16;
constexpr std::uint64_t kept_parts = 8;

/// A file that is replaced through another one needs one more for a moment; several are replaced at once.
constexpr unsigned kept_names_count = 8;
constexpr std::uint32_t all_kept_names = (1U << kept_names_count) - 1;
/// A name takes a block of its directory at most, and one of the table of files.
constexpr std::uint64_t bytes_for_names = 1 << 20;

/// The same few bytes again and again.
std::vector<slice> zeros_of(std::uint64_t bytes) {
    constexpr std::uint64_t piece_bytes = 64 << 10;
    auto memory = chunk::allocate(piece_bytes);
    std::fill_n(memory->data(), piece_bytes, std::byte{0});
    const slice piece(std::move(memory), 0, piece_bytes);
    std::vector<slice> parts;
    for (; bytes > 0; bytes -= parts.back().size())
        parts.push_back(piece.sub(0, std::min(bytes, piece_bytes)));
    return parts;
}

} // namespace

std::uint64_t room_to_resume(std::uint64_t reserve_bytes) noexcept {
    return reserve_bytes + reserve_bytes / 8;
}

directory_gate::directory_gate(std::string path, std::uint64_t reserve_bytes, listeners told,
                               std::string proof)
    : path_(std::move(path)), reserve_(reserve_bytes), told_(std::move(told)), proof_(std::move(proof)) {}

std::optional<error> directory_gate::failure() const {
    std::lock_guard guard(mutex_);
    return failure_;
}

/// Who is refused here reports that to the owner, who must have heard of the directory before: what failed
/// with it is taken for something else otherwise. So the owner is told before anybody can see it.
void directory_gate::shut(const error& why) {
    std::lock_guard guard(mutex_);
    if (failure_)
        return;
    if (told_.on_shut)
        told_.on_shut(why);
    failure_ = why;
    shut_.store(true, std::memory_order_release);
}

bool directory_gate::shut_if_gone(file_system& files) {
    if (is_shut() || proof_.empty())
        return is_shut();
    const auto proof = path_ + "/" + proof_;
    const auto there = files.exists(proof);
    if (BARNABAS_MARK_IF(there && !*there, data_directory_gone))
        shut({errc::not_found, proof + " is gone: the disk was unmounted, or the directory removed; nothing "
                                       "more is written there. Bring it back and start again"});
    return is_shut();
}

void directory_gate::note_written(file_id file, file_position position, std::uint64_t bytes) {
    const auto grown = growth(file, position.get() + bytes, bytes);
    if (grown == 0)
        return;
    grown_.store(true, std::memory_order_relaxed);
    // Nothing is known before the first look.
    if (free_.load(std::memory_order_relaxed) < 0)
        return;
    const auto count = static_cast<std::int64_t>(grown);
    const auto left = free_.fetch_sub(count, std::memory_order_relaxed) - count;
    become_short(std::max<std::int64_t>(left, 0));
}

/// Of a file that is written for the first time nobody has asked how long it is: all counts, once.
std::uint64_t directory_gate::growth(file_id file, std::uint64_t end, std::uint64_t bytes) {
    std::lock_guard guard(ends_mutex_);
    auto [known, first] = ends_.try_emplace(file, end);
    const auto before = first ? end - bytes : std::exchange(known->second, std::max(known->second, end));
    return end > before ? std::min(bytes, end - before) : 0;
}

void directory_gate::note_truncated(file_id file, std::uint64_t size) {
    std::lock_guard guard(ends_mutex_);
    if (const auto known = ends_.find(file); known != ends_.end())
        known->second = std::min(known->second, size);
}

void directory_gate::note_closed(file_id file) {
    std::lock_guard guard(ends_mutex_);
    ends_.erase(file);
}

void directory_gate::note_refused() {
    {
        std::lock_guard guard(mutex_);
        const auto seen = free_.exchange(0, std::memory_order_relaxed);
        const bool enough = seen >= 0 && static_cast<std::uint64_t>(seen) >= room_to_resume(reserve_);
        grown_.store(false, std::memory_order_relaxed);
        unseen_.store(enough, std::memory_order_relaxed);
        if (enough && looks_held_ == 0) {
            pause_ = std::min(std::max(1, 2 * pause_), looks_held_max);
            looks_held_ = pause_;
        }
    }
    become_short(0);
}

void directory_gate::note_free(std::uint64_t bytes) {
    const auto left = static_cast<std::int64_t>(std::min<std::uint64_t>(bytes, INT64_MAX));
    free_.store(left, std::memory_order_relaxed);
    become_short(left);
    // Room went between two looks, then: this one shows what was short.
    if (bytes < reserve_)
        unseen_.store(false, std::memory_order_relaxed);
    if (!is_held_short() && bytes >= room_to_resume(reserve_)) {
        short_.store(false, std::memory_order_relaxed);
        unseen_.store(false, std::memory_order_relaxed);
    }
}

bool directory_gate::may_use_reserve() const noexcept {
    const auto left = free_.load(std::memory_order_relaxed);
    return reserve_ > 0 && !unseen_.load(std::memory_order_relaxed) && left > 0 &&
           static_cast<std::uint64_t>(left) >= reserve_ - reserve_ / 2;
}

std::uint64_t directory_gate::kept_bytes() const noexcept {
    return std::min(reserve_ / kept_part_of_reserve, kept_bytes_max);
}

result<void> directory_gate::keep_room(file_system& files) {
    const auto bytes = kept_bytes();
    const auto left = free_bytes();
    // Places for files may be what is short, and come back one by one.
    if (bytes > 0)
        keep_names(files, left && *left >= room_to_resume(reserve_));
    if (kept_.load(std::memory_order_relaxed) >= bytes)
        return {};
    // What an earlier life kept counts, also when nothing is free now.
    const bool may_make = !is_short() && left && *left >= room_to_resume(reserve_) + bytes;
    auto file =
        files.open(path_ + "/" + kept_room_name, may_make ? open_mode::create : open_mode::read_write);
    if (!file)
        return file.code() == errc::not_found ? result<void>() : file.failure();
    std::uint64_t there = 0;
    const auto fill = [&]() -> result<void> {
        auto size = files.size(*file);
        if (!size)
            return size.failure();
        there = *size;
        if (there >= bytes || !may_make)
            return {};
        const auto zeros = zeros_of(bytes);
        if (auto written = files.write(*file, file_position(0), zeros); !written)
            return written;
        free_.fetch_sub(static_cast<std::int64_t>(bytes - there), std::memory_order_relaxed);
        there = bytes;
        return files.sync(std::span(&*file, 1));
    };
    auto filled = fill();
    if (!filled && files.truncate(*file, 0))
        there = 0;
    files.close(*file);
    kept_.store(there, std::memory_order_relaxed);
    return filled;
}

/// The first who finds no room after a start may come before the first look.
void directory_gate::find_kept_room(file_system& files) {
    auto file = files.open(path_ + "/" + kept_room_name, open_mode::read_only);
    if (!file)
        return;
    const auto size = files.size(*file);
    files.close(*file);
    if (!size)
        return;
    std::uint64_t not_known = 0;
    found_bytes_.store(*size, std::memory_order_relaxed);
    kept_.compare_exchange_strong(not_known, *size);
}

bool directory_gate::give_room(file_system& files) {
    if (kept_.load(std::memory_order_relaxed) == 0)
        std::call_once(kept_found_, [&] { find_kept_room(files); });
    // The reserve may be another one, or none, since that file was written.
    const auto whole = std::max(kept_bytes(), found_bytes_.load(std::memory_order_relaxed));
    const auto part = std::max<std::uint64_t>(whole / kept_parts, 1);
    auto before = kept_.load(std::memory_order_relaxed);
    while (before > 0 && !kept_.compare_exchange_weak(before, before - std::min(before, part)))
        continue;
    if (!BARNABAS_MARK_IF(before > 0, kept_room_given))
        return false;
    auto file = files.open(path_ + "/" + kept_room_name, open_mode::read_write);
    if (!file)
        return false;
    const auto cut = files.truncate(*file, before - std::min(before, part));
    files.close(*file);
    return cut.has_value();
}

std::string directory_gate::kept_name(unsigned number) const {
    return path_ + "/" + kept_name_prefix + std::to_string(number);
}

void directory_gate::keep_names(file_system& files, bool may_make) {
    if (is_shut() || names_.load(std::memory_order_relaxed) == all_kept_names)
        return;
    std::call_once(names_found_, [&] { find_kept_names(files); });
    for (unsigned number = 0; may_make && number < kept_names_count; ++number) {
        if ((names_.load(std::memory_order_relaxed) & 1U << number) != 0)
            continue;
        auto file = files.open(kept_name(number), open_mode::create);
        if (BARNABAS_MARK_IF(!file, no_name_to_keep))
            return;
        files.close(*file);
        names_.fetch_or(1U << number, std::memory_order_relaxed);
    }
}

void directory_gate::find_kept_names(file_system& files) {
    for (unsigned number = 0; number < kept_names_count; ++number)
        if (const auto there = files.exists(kept_name(number)); there && *there)
            names_.fetch_or(1U << number, std::memory_order_relaxed);
}

bool directory_gate::give_name(file_system& files) {
    if (kept_bytes() == 0 || withholds_names_)
        return false;
    std::call_once(names_found_, [&] { find_kept_names(files); });
    for (unsigned number = 0; number < kept_names_count; ++number) {
        const auto before = names_.fetch_and(~(1U << number), std::memory_order_relaxed);
        if ((before & 1U << number) == 0)
            continue;
        if (BARNABAS_MARK_IF(files.remove(kept_name(number)).has_value(), kept_name_given))
            return true;
    }
    return false;
}

bool directory_gate::has_bytes_for_names(file_system& files) const {
    const auto room = files.room(path_);
    return room && room->free >= bytes_for_names;
}

bool directory_gate::is_held_short() {
    std::lock_guard guard(mutex_);
    if (grown_.exchange(false, std::memory_order_relaxed)) {
        pause_ = looks_held_ = 0;
        return false;
    }
    if (looks_held_ == 0)
        return false;
    --looks_held_;
    return true;
}

std::optional<std::uint64_t> directory_gate::free_bytes() const {
    const auto left = free_.load(std::memory_order_relaxed);
    return left < 0 ? std::nullopt : std::optional(static_cast<std::uint64_t>(left));
}

void directory_gate::become_short(std::int64_t left) {
    const auto room = static_cast<std::uint64_t>(left);
    if (room < reserve_ && !short_.exchange(true, std::memory_order_relaxed) && told_.on_short)
        told_.on_short(room);
}

// ---- the file system behind the gate

error gated_files::refusal() const {
    const auto why = gate_.failure();
    return {errc::storage_error, "the data directory " + gate_.path() + " is offline" +
                                     (why ? ": " + to_string(*why) : std::string())};
}

/// Calls that change something on the disk: the first that fails is the last that is tried.
template <class Call>
auto gated_files::change(const Call& call) -> decltype(call()) {
    if (gate_.is_shut())
        return refusal();
    auto done = call();
    if (done.code() == errc::disk_full)
        gate_.note_refused();
    else if (ends_directory(done.code()))
        gate_.shut(done.failure());
    return done;
}

/// What wants more room: where there is none, again with a part of the room that is kept.
template <class Call>
auto gated_files::grow(const Call& call) -> decltype(call()) {
    auto done = change(call);
    while (done.code() == errc::disk_full && room_ == kept_room::may_be_used && gate_.give_room(files_))
        done = change(call);
    return done;
}

/// What needs a new name: the disk does not say whether places for files are short, or bytes.
template <class Call>
auto gated_files::make_name(const Call& call) -> decltype(call()) {
    auto done = change(call);
    const auto is_refused = [&] { return done.code() == errc::disk_full && room_ == kept_room::may_be_used; };
    for (bool given = true; given && is_refused();) {
        given = gate_.give_name(files_);
        if (given)
            done = change(call);
        // Bytes would be given for nothing where there are some.
        if (!is_refused() || gate_.has_bytes_for_names(files_) || !gate_.give_room(files_))
            continue;
        given = true;
        done = change(call);
    }
    return done;
}

namespace {

void shut_as_read_only(directory_gate& gate, const error& why) {
    BARNABAS_MARK(read_only_at_first_use);
    gate.shut(why);
}

} // namespace

template <class Call>
auto gated_files::look(const Call& call) -> decltype(call()) {
    if (gate_.is_shut())
        return refusal();
    auto done = call();
    // Nothing that only reads ends so: the file was opened with its first use, to be written to later.
    if (done.code() == errc::read_only)
        shut_as_read_only(gate_, done.failure());
    return done;
}

result<file_id> gated_files::open(const std::string& path, open_mode mode) {
    const auto call = [&] { return files_.open(path, mode); };
    if (mode == open_mode::read_only)
        return look(call);
    return mode == open_mode::create ? make_name(call) : change(call);
}

void gated_files::close(file_id file) {
    files_.close(file);
    gate_.note_closed(file);
}

result<std::uint64_t> gated_files::size(file_id file) {
    return look([&] { return files_.size(file); });
}

timestamp_ms gated_files::modified(file_id file) {
    return gate_.is_shut() ? no_timestamp : files_.modified(file);
}

result<std::size_t> gated_files::read(file_id file, file_position position, std::span<std::byte> into) {
    return look([&] { return files_.read(file, position, into); });
}

result<void> gated_files::write(file_id file, file_position position, std::span<const slice> parts) {
    auto done = grow([&] { return files_.write(file, position, parts); });
    if (done) {
        std::uint64_t bytes = 0;
        for (const auto& part : parts)
            bytes += part.size();
        gate_.note_written(file, position, bytes);
    }
    return done;
}

result<void> gated_files::truncate(file_id file, std::uint64_t size) {
    auto done = change([&] { return files_.truncate(file, size); });
    if (done)
        gate_.note_truncated(file, size);
    return done;
}

/// Even a lack of room is final here: the system has taken the bytes and then lost them.
result<void> gated_files::sync(std::span<const file_id> files) {
    auto done = change([&] { return files_.sync(files); });
    if (done.code() == errc::disk_full)
        gate_.shut(done.failure());
    return done;
}

/// Names that were made in the place of a disk which is gone look as good as any. So whoever makes names in
/// the data directory itself, or does not find a directory, learns whether it is still the same.
result<void> gated_files::sync_directory(const std::string& path) {
    auto done = change([&] { return files_.sync_directory(path); });
    if (done.code() == errc::disk_full)
        gate_.shut(done.failure());
    const bool tells = done ? path == gate_.path() : done.code() == errc::not_found;
    if (tells && gate_.shut_if_gone(files_))
        return refusal();
    return done;
}

result<std::vector<directory_entry>> gated_files::list(const std::string& path) {
    return look([&] { return files_.list(path); });
}

result<bool> gated_files::exists(const std::string& path) {
    return look([&] { return files_.exists(path); });
}

result<void> gated_files::create_directory(const std::string& path) {
    return make_name([&] { return files_.create_directory(path); });
}

result<void> gated_files::rename(const std::string& source, const std::string& target) {
    return grow([&] { return files_.rename(source, target); });
}

result<void> gated_files::remove(const std::string& path) {
    return change([&] { return files_.remove(path); });
}

result<void> gated_files::remove_directory(const std::string& path) {
    return change([&] { return files_.remove_directory(path); });
}

result<file_id> gated_files::lock(const std::string& path) {
    return look([&] { return files_.lock(path); });
}

result<disk_room> gated_files::room(const std::string& path) {
    return look([&] { return files_.room(path); });
}

} // namespace barnabas::runtime
