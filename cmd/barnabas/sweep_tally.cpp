#include "cmd/barnabas/sweep_tally.hpp"

#include <cstdio>
#include <fstream>

namespace barnabas {

namespace {
constexpr const char* title = "barnabas sweep 1";
} // namespace

void sweep_tally::add(const sweep_answer& answer) {
    ++done;
    virtual_ns += answer.virtual_ns;
    events += answer.events;
    batches += answer.batches;
    acked += answer.acked;
    faults += answer.faults;
    run_twice += answer.run_twice;
    if (!answer.passed)
        failures[answer.task] = answer.text;
}

result<sweep_tally> read_tally(const std::string& path, const std::string& fingerprint) {
    std::ifstream file(path);
    sweep_tally tally;
    if (!file)
        return tally;
    std::string first;
    std::string made_by;
    if (!std::getline(file, first) || first != title)
        return error{errc::invalid_request, path + " is no state of a sweep"};
    if (!std::getline(file, made_by) || made_by != fingerprint)
        return error{errc::invalid_request, path + " is the state of another program or command (" + made_by +
                                                "); remove it to begin anew"};
    file >> tally.next >> tally.done >> tally.seconds >> tally.virtual_ns >> tally.events >> tally.batches >>
        tally.acked >> tally.faults >> tally.run_twice;
    if (!file)
        return error{errc::invalid_request, path + " is cut off; remove it to begin anew"};
    std::uint64_t task = 0;
    std::string what;
    while (file >> task && std::getline(file >> std::ws, what))
        tally.failures[task] = what;
    return tally;
}

result<void> write_tally(const std::string& path, const std::string& fingerprint, const sweep_tally& tally) {
    const auto fresh = path + ".new";
    std::ofstream file(fresh, std::ios::trunc);
    file << title << '\n' << fingerprint << '\n';
    file << tally.next << ' ' << tally.done << ' ' << tally.seconds << ' ' << tally.virtual_ns << ' '
         << tally.events << ' ' << tally.batches << ' ' << tally.acked << ' ' << tally.faults << ' '
         << tally.run_twice << '\n';
    for (const auto& [task, what] : tally.failures)
        file << task << ' ' << what.substr(0, what.find('\n')) << '\n';
    file.close();
    if (!file || std::rename(fresh.c_str(), path.c_str()) != 0)
        return error{errc::storage_error, path + ": cannot be written"};
    return {};
}

} // namespace barnabas
