#pragma once

#include "protocol/model/error.hpp"
#include "sim/workloads/produce_consume.hpp"

#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace barnabas {

/// What a text of options says, for histograms: "producer.acks -1", "fault.lasts 1s..10s", one per option of
/// every section. Numbers stand for the power of two below them, durations for their decade, all else for
/// itself.
std::map<std::string, std::uint64_t> histogram_of(std::string_view expanded);

/// What the runs of a sweep reached, over all its processes: marks, faults by what the broker was doing, and
/// the options that were drawn. Opened before the processes are made; each adds to it, and the first one
/// writes the sums.
class sweep_coverage {
public:
    static result<std::unique_ptr<sweep_coverage>> open(const std::string& path);
    ~sweep_coverage();
    sweep_coverage(const sweep_coverage&) = delete;
    sweep_coverage& operator=(const sweep_coverage&) = delete;

    /// After a run. A run that does not come so far adds nothing.
    void add(const sim::produce_consume_options& options, const sim::run_report& report);
    /// Lines of words that end in a number: `runs N`, `mark NAME FILE:LINE N` (0 too), `fault KIND MOMENT N`,
    /// `drawn SECTION.KEY VALUES N`.
    result<void> write() const;

private:
    sweep_coverage(std::string path, std::FILE* lines) : path_(std::move(path)), lines_(lines) {}

    std::string path_;
    /// Nameless; every process appends a block per run to it.
    std::FILE* lines_;
    /// By name, what this process has told of its marks.
    std::map<std::string, std::uint64_t> told_;
};

} // namespace barnabas
