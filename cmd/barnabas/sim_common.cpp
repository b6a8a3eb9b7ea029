#include "cmd/barnabas/sim_common.hpp"

#include "cmd/barnabas/commands.hpp"
#include "protocol/model/assert.hpp"
#include "sim/mutants/mutants.hpp"
#include "sim/replay/expanded_text.hpp"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

namespace barnabas {

namespace {

namespace fs = std::filesystem;

/// For the assertion handler, which can be given nothing.
std::uint64_t seed_at_work = 0;

std::function<void(const std::string&)> tell_at_death;

[[noreturn]] void die(const std::string& of) {
    // A second death while the first is told of must not tell again.
    if (const auto tell = std::exchange(tell_at_death, nullptr); tell != nullptr)
        tell(of);
    else
        std::fprintf(stderr, "seed %" PRIu64 ": %s\n", seed_at_work, of.c_str());
    std::fflush(nullptr);
    std::abort();
}

void report_assertion(const char* expression, const char* file, int line) {
    die(std::string("broken assertion: ") + expression + " at " + file + ":" + std::to_string(line));
}

void report_exception() {
    die("an exception that nobody took");
}

result<boot_options> planted_bug(const std::string& name) {
    boot_options planted;
    if (name.empty())
        return planted;
    const auto* wanted = sim::find_mutant(name);
    if (wanted == nullptr)
        return error{errc::invalid_config,
                     "there is no mutant " + name + "; 'barnabas sim mutants' lists them"};
    planted.planted.*wanted->bug = true;
    return planted;
}

} // namespace

result<sim::scenario> load_scenario(const std::string& path) {
    std::ifstream file(path);
    std::stringstream text;
    if (!file || !(text << file.rdbuf()))
        return error{errc::not_found, path + ": no such file, or it cannot be read"};
    return sim::scenario::read(path, text.str());
}

result<std::vector<std::string>> scenarios_in(const std::string& folder) {
    std::vector<std::string> paths;
    std::error_code problem;
    for (const auto& entry : fs::directory_iterator(folder, problem)) {
        if (entry.path().extension() == ".scenario")
            paths.push_back(entry.path().string());
    }
    if (problem)
        return error{errc::not_found, folder + ": " + problem.message()};
    std::sort(paths.begin(), paths.end());
    return paths;
}

result<sim::scenario> scenario_of(const cli::parsed_options& options, const std::string& path) {
    auto made = path.empty() ? result<sim::scenario>(sim::scenario::everything_drawn()) : load_scenario(path);
    if (!made)
        return made;
    if (options.has("seconds")) {
        const auto seconds = options.number("seconds", sim_seconds_least, sim_seconds_most);
        if (!seconds)
            return seconds.failure();
        made->set_seconds(*seconds);
    }
    if (const auto mutant = options.value("mutant"))
        made->set_mutant(*mutant);
    if (auto known = planted_bug(made->mutant()); !known)
        return known.failure();
    return made;
}

result<sim::produce_consume_options> run_options_of(const sim::scenario& from, std::uint64_t seed) {
    auto options = from.options(seed);
    if (!options)
        return options;
    auto planted = planted_bug(from.mutant());
    if (!planted)
        return planted.failure();
    options->planted = *planted;
    return options;
}

result<void> write_text(const std::string& path, const std::string& text) {
    std::ofstream file(path, std::ios::trunc);
    file << text;
    file.close();
    if (!file)
        return error{errc::storage_error, path + ": cannot be written"};
    return {};
}

std::string schedule_of(const sim::scenario& from, const sim::produce_consume& run,
                        const sim::run_report& report) {
    const auto options = run.frozen();
    return expanded_text(options, {"seed " + std::to_string(options.seed) + " of " + short_name(from),
                                   from.mutant(), report.checker});
}

result<std::string> write_schedule(const std::string& folder, const sim::scenario& from, std::uint64_t seed,
                                   const std::string& text) {
    std::error_code problem;
    fs::create_directories(folder, problem);
    if (problem)
        return error{errc::storage_error, folder + ": " + problem.message()};
    const auto path = folder + "/" + short_name(from) + (from.mutant().empty() ? "" : "-" + from.mutant()) +
                      "-seed-" + std::to_string(seed) + ".schedule";
    if (auto done = write_text(path, text); !done)
        return done.failure();
    return path;
}

std::string violated_in(const sim::run_report& report) {
    std::string names = report.checker;
    for (const auto& name : report.also)
        names += "+" + name;
    return names;
}

std::string short_name(const sim::scenario& of) {
    return of.name().empty() ? "drawn" : fs::path(of.name()).stem().string();
}

void name_seed_in_assertions(std::uint64_t seed) {
    seed_at_work = seed;
    set_assertion_handler(&report_assertion);
    std::set_terminate(&report_exception);
}

void at_broken_assertion(std::function<void(const std::string&)> tell) {
    tell_at_death = std::move(tell);
    set_assertion_handler(&report_assertion);
    std::set_terminate(&report_exception);
}

int refuse_command(const error& why) {
    std::fprintf(stderr, "%s: %s\n", program_name, why.detail.c_str());
    return 2;
}

} // namespace barnabas
