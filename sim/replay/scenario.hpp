#pragma once

#include "sim/text/document.hpp"
#include "sim/text/section_reader.hpp"
#include "sim/workloads/produce_consume_options.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace barnabas::sim {

/// A run described in text: what it states holds for every seed; the rest is drawn from the seed, or has its
/// default where `draw = no`. docs/scenarios.md lists sections and keys. A schedule is a scenario that
/// states everything: each fault, each send, each choice.
class scenario {
public:
    /// `invalid_request` with "NAME:LINE: what" for anything that no run could be made of.
    static result<scenario> read(std::string name, std::string_view text);
    /// Nothing stated, everything drawn: what `--seed` alone runs.
    static scenario everything_drawn() { return {}; }

    const std::string& name() const noexcept { return text_.name; }
    const std::string& about() const noexcept { return about_; }
    /// Schedules carry their seed, for what chance still decides in them.
    const std::optional<std::uint64_t>& seed() const noexcept { return seed_; }
    /// The planted bug that the run has, and the checker that must refuse it; empty for none.
    const std::string& mutant() const noexcept { return mutant_; }
    const std::string& violates() const noexcept { return violates_; }
    void set_seconds(std::int64_t seconds) { seconds_ = seconds; }
    void set_mutant(std::string mutant) { mutant_ = std::move(mutant); }

    /// The run of that seed. The text was read without complaint, but a value that is drawn from a range may
    /// still be one that does not fit the others.
    result<produce_consume_options> options(std::uint64_t seed) const;

private:
    struct reading;

    std::optional<value_problem> problem_of_head() const;

    document text_;
    std::string about_;
    std::optional<std::uint64_t> seed_;
    std::string mutant_;
    std::string violates_;
    std::int64_t seconds_ = 60;
    bool draw_ = true;
};

} // namespace barnabas::sim
