#include "actors/journal/journal_jobs.hpp"

#include "protocol/model/mark.hpp"
#include "runtime/disk/steady_read.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace barnabas::journal {
namespace {

std::string path_of(const std::string& directory, std::uint32_t slot) {
    return directory + "/" + journal_file_name(slot);
}

result<std::vector<std::uint32_t>> list_slots(runtime::file_system& files, const std::string& directory) {
    auto entries = files.list(directory);
    if (!entries)
        return entries.failure();
    std::vector<std::uint32_t> slots;
    for (const auto& entry : *entries)
        if (const auto slot = slot_of_journal_file(entry.name); slot && !entry.is_directory)
            slots.push_back(*slot);
    std::sort(slots.begin(), slots.end());
    return slots;
}

result<slice> read_whole(runtime::file_system& files, const std::string& path) {
    auto file = files.open(path, runtime::open_mode::read_only);
    if (!file)
        return file.failure();
    const auto read = [&]() -> result<slice> {
        auto size = files.size(*file);
        if (!size)
            return size.failure();
        // What a round looks like when it comes wrong is an unfinished write, and nobody would miss it.
        constexpr std::size_t piece = 1 << 20;
        if (*size == 0)
            return slice();
        auto memory = chunk::allocate(static_cast<std::size_t>(*size));
        const std::span whole(memory->data(), static_cast<std::size_t>(*size));
        std::size_t done = 0;
        while (done < whole.size()) {
            const auto into = whole.subspan(done, std::min(piece, whole.size() - done));
            auto count = runtime::read_steadily(files, *file, file_position(done), into);
            if (!count)
                return count.failure();
            BARNABAS_MARK_IF(count->looked_again, journal_read_again);
            done += count->count;
            if (count->count < into.size())
                break;
        }
        return slice(std::move(memory), 0, done);
    };
    auto content = read();
    files.close(*file);
    return content;
}

void note(found_journal& journal, found_file& file, journal_content& content) {
    for (auto& round : content.rounds)
        for (auto& part : round.parts) {
            auto& upto = file.logs[part.log];
            for (const auto& entry : part.entries)
                upto = std::max(upto, entry.next_offset);
            journal.parts[part.log.directory_name].push_back(std::move(part));
        }
}

} // namespace

void prepare_job::run(runtime::file_system& files) {
    outcome = make(files);
}

result<runtime::file_id> prepare_job::make(runtime::file_system& files) const {
    const auto path = path_of(directory, slot);
    auto opened = file ? result<runtime::file_id>(*file) : files.open(path, runtime::open_mode::create);
    if (!opened)
        return opened;
    auto done = fill(files, *opened);
    if (done)
        done = files.sync_directory(directory);
    if (done)
        return opened;
    BARNABAS_MARK(journal_file_not_prepared);
    files.close(*opened);
    // What cannot be filled only takes room from those who need it.
    (void)files.remove(path);
    return done.failure();
}

result<void> prepare_job::fill(runtime::file_system& files, runtime::file_id target) const {
    auto size = files.size(target);
    if (!size)
        return size.failure();
    constexpr std::size_t piece = 1 << 20;
    const auto zeros = slice::copy_of(std::vector<std::byte>(std::min<std::uint64_t>(piece, bytes)));
    for (auto at = *size; at < bytes; at += zeros.size()) {
        const auto part = zeros.sub(0, std::min<std::uint64_t>(zeros.size(), bytes - at));
        if (auto written = files.write(target, file_position(at), std::span(&part, 1)); !written)
            return written;
    }
    const auto header = encode_header(life);
    if (auto written = files.write(target, header_position(header_place), std::span(&header, 1)); !written)
        return written;
    return files.sync(std::span(&target, 1));
}

void round_job::run(runtime::file_system& files) {
    outcome = files.write(file, position, encode_round(id, journaled));
    if (outcome && !planted_no_sync)
        outcome = files.sync(std::span(&file, 1));
}

result<found_journal> read_journal(runtime::file_system& files, const std::string& directory) {
    auto slots = list_slots(files, directory);
    if (!slots)
        return slots.failure();
    found_journal journal;
    // By the number of the life, since a later file holds what was written later.
    std::map<std::pair<std::int64_t, std::uint32_t>, journal_content> contents;
    for (const auto slot : *slots) {
        const auto path = path_of(directory, slot);
        auto bytes = read_whole(files, path);
        if (!bytes)
            return bytes.failure();
        auto content = decode_file(*bytes);
        if (!content)
            return error{content.code(), path + ": " + content.failure().detail};
        if (BARNABAS_MARK_IF(content->damaged, journal_damaged))
            journal.damage =
                path + (content->header_lost ? std::string(", whose header cannot be read")
                                             : ", behind round " + std::to_string(content->rounds.size()));
        const auto number = content->life ? content->life->number : -1;
        contents.emplace(std::pair(number, slot), std::move(*content));
    }
    for (auto& [place, content] : contents) {
        auto& file = journal.files.emplace_back();
        file.number = place.first;
        file.slot = place.second;
        file.header_place = content.header_place;
        file.is_damaged = content.damaged;
        note(journal, file, content);
    }
    return journal;
}

result<void> remove_journal(runtime::file_system& files, const std::string& directory) {
    auto slots = list_slots(files, directory);
    if (!slots)
        return slots.failure();
    for (const auto slot : *slots)
        if (auto removed = files.remove(path_of(directory, slot)); !removed)
            return removed;
    return slots->empty() ? result<void>() : files.sync_directory(directory);
}

} // namespace barnabas::journal
