// Indexes that come to harm while nobody has them open, and disks without places for more files.

#include "sim/workloads/fault_driver.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace barnabas::sim {

namespace {

constexpr std::string_view index_suffixes[] = {".index", ".timeindex", ".txnindex"};

std::vector<std::string> indexes_with_entries(const memory_disk& disk) {
    std::vector<std::string> found;
    for (const auto& [path, sum] : disk.checksums(""))
        for (const auto suffix : index_suffixes)
            if (path.ends_with(suffix) && !disk.content(path)->empty())
                found.push_back(path);
    return found;
}

/// Nothing where the file is gone. `words` gets what happened.
std::optional<std::string> harmed(std::string whole, runtime::random& draws, std::string& words) {
    const auto at = draws.below(whole.size());
    switch (draws.below(4)) {
    case 0: words = " is gone"; return std::nullopt;
    case 1: words = " is empty"; return "";
    case 2: words = " is cut short"; return whole.substr(0, at);
    default:
        words = " is rotten";
        whole[at] = static_cast<char>(whole[at] ^ static_cast<char>(1U << draws.below(8)));
        return whole;
    }
}

} // namespace

/// Half of the times it stops in good order. What is on stable storage then comes to harm in `start_broker`.
void fault_driver::stop_and_harm_index(const planned_fault& fault) {
    if (loan_ || shortened_ || taken_by_ != nullptr)
        return;
    harms_indexes_ = &fault;
    if (runtime::random(fault.choice).split("stop").chance(1, 2))
        return crash(fault.how, fault.losses, fault.lasts_ns);
    next_downtime_ = fault.lasts_ns;
    stop_broker();
}

/// One index, or half of the times all of one partition, or some of many.
void fault_driver::harm_indexes(const planned_fault& fault) {
    if (loan_ || shortened_)
        return;
    auto& disk = with_.broker->host().disk();
    const auto indexes = indexes_with_entries(disk);
    if (indexes.empty())
        return;
    auto draws = runtime::random(fault.choice).split("indexes");
    const auto& chosen = indexes[draws.below(indexes.size())];
    const auto directory = chosen.substr(0, chosen.rfind('/') + 1);
    const auto breadth = draws.below(4);
    for (const auto& path : indexes) {
        const bool of_partition = breadth == 2 && path.starts_with(directory);
        const bool of_many = breadth == 3 && draws.chance(1, 4);
        if (path != chosen && !of_partition && !of_many)
            continue;
        const auto bytes = *disk.content(path);
        std::string words;
        disk.rewrite(path, harmed({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, draws, words));
        tell(path + words);
    }
}

void fault_driver::fill_places(const planned_fault& fault) {
    auto& disk = with_.broker->host().disk();
    disk.set_places_left(fault.count);
    places_short_until_ = with_.time->now() + length(fault);
    later(length(fault), [this] {
        if (with_.time->now() >= places_short_until_)
            with_.broker->host().disk().set_places_left(memory_disk::unlimited);
    });
}

} // namespace barnabas::sim
