#include "cmd/barnabas/sweep_coverage.hpp"

#include "protocol/model/mark.hpp"
#include "sim/replay/expanded_text.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <bit>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <sstream>

namespace barnabas {

namespace {

using sums = std::map<std::string, std::uint64_t>;

/// As the text of options writes durations, in ascending order.
constexpr std::pair<const char*, double> units[] = {{"ns", 1},  {"us", 1e3},   {"ms", 1e6},
                                                    {"s", 1e9}, {"min", 60e9}, {"h", 3600e9}};

std::string decade_of(double ns) {
    constexpr const char* names[] = {"1ns",  "10ns",  "100ns", "1us", "10us", "100us", "1ms",
                                     "10ms", "100ms", "1s",    "10s", "100s", "1000s", "more"};
    if (ns == 0)
        return "0";
    std::size_t at = 0;
    for (double next = 10; at + 2 < std::size(names) && ns >= next; next *= 10)
        ++at;
    return std::string(names[at]) + ".." + names[at + 1];
}

std::string power_of(std::uint64_t number) {
    if (number < 2)
        return std::to_string(number);
    const auto low = std::bit_floor(number);
    return std::to_string(low) + ".." + std::to_string(low * 2 - 1);
}

/// The group of values to which this one belongs.
std::string group_of(const std::string& value) {
    char* end = nullptr;
    errno = 0;
    const double number = std::strtod(value.c_str(), &end);
    const std::string rest = end;
    if (end == value.c_str() || errno != 0)
        return value.empty() ? "empty" : value;
    for (const auto& [unit, ns] : units) {
        if (rest == unit)
            return number < 0 ? "-" + decade_of(-number * ns) : decade_of(number * ns);
    }
    if (!rest.empty())
        return value;
    return number < 0 ? "-" + power_of(static_cast<std::uint64_t>(-number))
                      : power_of(static_cast<std::uint64_t>(number));
}

std::string one_word(std::string text) {
    for (auto& each : text)
        each = each == ' ' ? '_' : each;
    return text;
}

/// Each word counts by itself: there are more combinations of them than runs.
void count_words(sums& into, const std::string& key, const std::string& words) {
    std::istringstream each{words};
    for (std::string word; each >> word;)
        ++into[key + word];
}

/// The block of one run, written at once so that blocks of processes do not mix.
void append(std::FILE* to, const std::string& block) {
    std::size_t at = 0;
    while (at < block.size()) {
        const auto written = ::write(::fileno(to), block.data() + at, block.size() - at);
        if (written <= 0)
            return;
        at += static_cast<std::size_t>(written);
    }
}

/// From the root of the repository on.
std::string place_of(const mark_site& mark) {
    std::string file = mark.file;
    for (const char* top : {"protocol/", "runtime/", "actors/", "sim/"}) {
        if (const auto at = file.rfind(top); at != std::string::npos)
            file = file.substr(at);
    }
    return file + ":" + std::to_string(mark.line);
}

} // namespace

sums histogram_of(std::string_view expanded) {
    sums found;
    sums sections;
    std::string section;
    std::istringstream lines{std::string(expanded)};
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with('[')) {
            section = line.substr(1, line.find_first_of(" ]") - 1);
            ++sections[section];
            continue;
        }
        const auto equals = line.find(" = ");
        if (equals == std::string::npos || section == "scenario" || section == "sends" ||
            section == "attacks" || section == "choices")
            continue;
        const auto key = section + "." + line.substr(0, equals) + " ";
        const auto value = line.substr(equals + 3);
        if (key == "hostile.kinds ")
            count_words(found, key, value);
        else
            ++found[key + one_word(group_of(value))];
    }
    for (const auto* each : {"topic", "producer", "reader", "fault"})
        ++found[std::string(each) + ".number " + power_of(sections[each])];
    return found;
}

result<std::unique_ptr<sweep_coverage>> sweep_coverage::open(const std::string& path) {
    auto* lines = std::tmpfile();
    if (lines == nullptr || ::fcntl(::fileno(lines), F_SETFL, O_APPEND) != 0)
        return error{errc::storage_error,
                     std::string("no temporary file for coverage: ") + std::strerror(errno)};
    return std::unique_ptr<sweep_coverage>(new sweep_coverage(path, lines));
}

sweep_coverage::~sweep_coverage() {
    std::fclose(lines_);
}

void sweep_coverage::add(const sim::produce_consume_options& options, const sim::run_report& report) {
    std::string block = "runs 1\n";
    const auto tell = [&block](const std::string& what, std::uint64_t count) {
        block += what + " " + std::to_string(count) + "\n";
    };
    for (const auto* each : all_marks()) {
        auto& told = told_[each->name];
        const auto hits = each->hits();
        if (hits > told)
            tell(std::string("mark ") + each->name + " " + place_of(*each), hits - std::exchange(told, hits));
    }
    for (const auto& [fault, count] : report.faults_met.counts())
        tell("fault " + fault.first + " " + sim::name_of(fault.second), count);
    for (const auto& [value, count] : histogram_of(expanded_text(options)))
        tell("drawn " + value, count);
    append(lines_, block);
}

result<void> sweep_coverage::write() const {
    sums all;
    for (const auto* each : all_marks())
        all[std::string("mark ") + each->name + " " + place_of(*each)] = 0;
    std::rewind(lines_);
    char line[1024];
    while (std::fgets(line, sizeof line, lines_) != nullptr) {
        auto* number = std::strrchr(line, ' ');
        if (number == nullptr)
            continue;
        all[std::string(line, number)] += std::strtoull(number + 1, nullptr, 10);
    }
    auto* to = std::fopen(path_.c_str(), "w");
    if (to == nullptr)
        return error{errc::storage_error, path_ + " cannot be written: " + std::strerror(errno)};
    for (const auto& [what, count] : all)
        std::fprintf(to, "%s %llu\n", what.c_str(), static_cast<unsigned long long>(count));
    if (std::fclose(to) != 0)
        return error{errc::storage_error, path_ + " cannot be written: " + std::strerror(errno)};
    return {};
}

} // namespace barnabas
