#include "sim/workloads/fault_plan.hpp"

#include <algorithm>
#include <utility>

namespace barnabas::sim {

namespace {

constexpr std::uint64_t percent_without_faults = 15;
constexpr std::uint64_t percent_with_one_kind = 10;
constexpr std::uint64_t percent_with_every_kind = 5;
constexpr std::uint64_t faults_of_kind_max = 20;
/// No dated fault happens so shortly before healing.
constexpr std::int64_t quiet_before_healing_ns = second;

/// How often a kind exists in a run, and the mean time between two faults of it, from the shortest to the
/// longest (drawn log-uniform).
struct kind_odds {
    fault_kind kind;
    std::uint64_t enable_percent;
    std::uint64_t every_s_low;
    std::uint64_t every_s_high;
};
constexpr kind_odds kind_rows[] = {
    {fault_kind::crash, 60, 4, 100},
    {fault_kind::crash_at_operation, 60, 3, 60},
    {fault_kind::crash_after_ack, 50, 3, 60},
    {fault_kind::crash_in_recovery, 50, 4, 60},
    {fault_kind::crash_loop, 10, 30, 60},
    {fault_kind::stop, 40, 6, 60},
    {fault_kind::reset_connections, 30, 4, 60},
    {fault_kind::reset_in_frame, 40, 2, 40},
    {fault_kind::half_open, 30, 3, 60},
    {fault_kind::cut_link, 50, 4, 60},
    {fault_kind::flapping_link, 20, 20, 60},
    {fault_kind::clog, 40, 2, 40},
    {fault_kind::swizzle, 30, 10, 60},
    {fault_kind::slow_link, 30, 8, 60},
    {fault_kind::connects_refused, 20, 8, 60},
    {fault_kind::connects_hang, 20, 8, 60},
    {fault_kind::connects_silent, 20, 8, 60},
    {fault_kind::pause, 50, 8, 60},
    {fault_kind::slow_loop, 30, 8, 60},
    {fault_kind::clock_jump, 20, 4, 60},
    {fault_kind::clock_drift, 30, 8, 60},
    {fault_kind::slow_disk, 30, 8, 60},
    {fault_kind::disk_stall, 30, 8, 60},
};

/// These are drawn like all that a disk does wrong, where that is allowed.
constexpr kind_odds disk_kind_rows[] = {
    {fault_kind::full_disk, 6, 8, 60},
    {fault_kind::hanging_disk, 6, 20, 60},
    {fault_kind::lost_directory, 6, 15, 60},
};

/// Disks that are exchanged. Of the last three one each in a run, which is beyond any promise.
constexpr kind_odds exchanged_rows[] = {
    {fault_kind::other_disk, 10, 15, 60},
    {fault_kind::empty_directory, 2, 60, 60},
    {fault_kind::empty_disk, 1, 60, 60},
    {fault_kind::old_image, 3, 60, 60},
};

/// Disks that go under a broker that runs.
constexpr kind_odds taken_rows[] = {
    {fault_kind::taken_directory, 6, 15, 60},
};

/// Indexes that come to harm while the broker is down, and disks without a place for one more file.
constexpr kind_odds index_rows[] = {
    {fault_kind::harmed_index, 10, 4, 60},
};
constexpr kind_odds place_rows[] = {
    {fault_kind::full_of_names, 6, 8, 60},
};

struct background_odds {
    background_kind kind;
    std::uint64_t enable_percent;
};
constexpr background_odds odds_of_backgrounds[] = {
    {background_kind::delays, 70},         {background_kind::split_reads, 70},
    {background_kind::resets, 40},         {background_kind::half_open_ends, 30},
    {background_kind::refusals, 30},       {background_kind::hangs, 30},
    {background_kind::mutes, 30},          {background_kind::clogs, 40},
    {background_kind::disk_latencies, 60}, {background_kind::disk_stalls, 30},
    {background_kind::cold_cache, 60},
};
/// Of the runs with some kinds of faults, which are 70 %, so many have a disk whose syncs lie, and so many
/// one that fails; both at once is rare, since a failing disk alone must not cost anything but service. The
/// fault model asks for more of what loses (10 % of lies, of misdirected writes and of old images, 20 % of
/// rot); but a run that may lose is judged by fewer checkers, so all of them together are to be no more than
/// one run in eight, and each has a scenario in which it happens all the time.
constexpr std::uint64_t lies_percent = 6;
constexpr std::uint64_t disk_errors_percent = 6;
constexpr std::uint64_t rotten_reads_percent = 10;
constexpr std::uint64_t rotten_sectors_percent = 3;
constexpr std::uint64_t misdirected_percent = 3;
constexpr std::uint64_t rotten_indexes_percent = 10;
constexpr std::uint64_t rotten_texts_percent = 5;

power_cut_faults drawn_losses(runtime::random& draws) {
    return draws.chance(1, 4) ? power_cut_faults::lose_all() : power_cut_faults::drawn(draws);
}

std::int64_t log_ns(runtime::random& draws, std::int64_t low, std::int64_t high) {
    return static_cast<std::int64_t>(
        draws.log_between(static_cast<std::uint64_t>(low), static_cast<std::uint64_t>(high)));
}

swarm_mode drawn_mode(runtime::random& draws) {
    const auto percent = draws.below(100);
    if (percent < percent_without_faults)
        return swarm_mode::no_faults;
    if (percent < percent_without_faults + percent_with_one_kind)
        return swarm_mode::one_kind;
    if (percent < percent_without_faults + percent_with_one_kind + percent_with_every_kind)
        return swarm_mode::every_kind;
    return swarm_mode::some_kinds;
}

/// Which kinds exist in this run.
void draw_kinds(fault_plan& plan, runtime::random draws) {
    const auto one = draws.below(std::size(kind_rows) + std::size(odds_of_backgrounds));
    const auto exists = [&](std::size_t number, std::uint64_t percent) {
        const bool chosen = draws.chance(percent, 100);
        if (plan.mode == swarm_mode::one_kind)
            return number == one;
        return chosen || plan.mode == swarm_mode::every_kind;
    };
    for (std::size_t i = 0; i < std::size(kind_rows); ++i) {
        if (exists(i, kind_rows[i].enable_percent))
            plan.kinds.push_back(kind_rows[i].kind);
    }
    for (std::size_t i = 0; i < std::size(odds_of_backgrounds); ++i) {
        if (exists(std::size(kind_rows) + i, odds_of_backgrounds[i].enable_percent))
            plan.background.push_back(odds_of_backgrounds[i].kind);
    }
    if (plan.kinds.empty() && plan.background.empty())
        plan.kinds.push_back(fault_kind::crash);
}

/// Takes over from `all`, in which every kind is strong, what belongs to one kind.
void add_network_kind(network_faults& to, const network_faults& all, background_kind kind) {
    switch (kind) {
    case background_kind::delays:
        to.latency_high = all.latency_high;
        to.tail_chance = all.tail_chance;
        to.tail_high = all.tail_high;
        to.bytes_per_second = all.bytes_per_second;
        to.window_low = all.window_low;
        to.window_high = all.window_high;
        return;
    case background_kind::split_reads:
        to.partial_read_chance = all.partial_read_chance;
        to.split_chance = all.split_chance;
        return;
    case background_kind::resets:
        to.reset_chance = all.reset_chance;
        to.reset_after_bytes_high = all.reset_after_bytes_high;
        return;
    case background_kind::half_open_ends: to.half_open_chance = all.half_open_chance; return;
    case background_kind::refusals: to.refuse_chance = all.refuse_chance; return;
    case background_kind::hangs: to.hang_chance = all.hang_chance; return;
    case background_kind::mutes: to.mute_chance = all.mute_chance; return;
    case background_kind::clogs:
        to.clog_chance = all.clog_chance;
        to.clog_high = all.clog_high;
        return;
    default: return;
    }
}

void add_disk_kind(disk_faults& to, const disk_faults& all, background_kind kind) {
    // A stall that began must be over soon after healing.
    constexpr std::int64_t stall_max_ns = 3 * second;
    switch (kind) {
    case background_kind::disk_latencies:
        to.sync_low = all.sync_low;
        to.sync_high = all.sync_high;
        return;
    case background_kind::disk_stalls:
        to.stall_chance = all.stall_chance;
        to.stall_high = std::min(all.stall_high, stall_max_ns);
        return;
    case background_kind::cold_cache:
        to.not_cached_chance = all.not_cached_chance;
        to.inline_chance = all.inline_chance;
        to.open_files_max = all.open_files_max;
        return;
    default: return;
    }
}

void draw_background(fault_plan& plan, runtime::random draws) {
    const auto network = network_faults::all_drawn(draws);
    const auto disk = disk_faults::all_drawn(draws);
    for (const auto kind : plan.background) {
        add_network_kind(plan.network, network, kind);
        add_disk_kind(plan.disk, disk, kind);
    }
    plan.network.silence_high = network.silence_high;
}

/// A disk that lies or fails. Streams of its own: what else was drawn for the run stays as it was.
void draw_disk_harm(fault_plan& plan, runtime::random draws) {
    auto lies = draws.split("lies");
    if (lies.chance(lies_percent, 100)) {
        plan.lossy = true;
        plan.background.push_back(background_kind::sync_lies);
        plan.disk.sync_lie_chance = static_cast<std::uint32_t>(lies.log_between(1'000, 500'000));
        auto wait = draws.split("lies come true");
        if (wait.chance(1, 2))
            plan.disk.sync_lie_high = log_ns(wait, 10 * millisecond, 30 * second);
        // Only the loss of power shows a lie.
        if (lies.chance(3, 4))
            plan.last_crash = crash_kind::power_cut;
    }
    auto errors = draws.split("errors");
    if (errors.chance(disk_errors_percent, 100)) {
        plan.background.push_back(background_kind::disk_errors);
        const auto drawn = disk_faults::all_drawn(errors);
        const auto which = errors.between(1, 7);
        plan.disk.read_error_chance = (which & 1) != 0 ? drawn.read_error_chance : 0;
        plan.disk.write_error_chance = (which & 2) != 0 ? drawn.write_error_chance : 0;
        plan.disk.sync_error_chance = (which & 4) != 0 ? drawn.sync_error_chance : 0;
    }
}

/// A disk that gives back, or writes down, something else than it was given.
void draw_rot(fault_plan& plan, runtime::random draws) {
    const auto exists = [&](runtime::random& one, std::uint64_t percent, background_kind kind, bool loses) {
        if (!one.chance(percent, 100))
            return false;
        plan.background.push_back(kind);
        plan.lossy = plan.lossy || loses;
        return true;
    };
    const auto chance = [](runtime::random& one, std::uint64_t low, std::uint64_t high) {
        return static_cast<std::uint32_t>(one.log_between(low, high));
    };
    auto reads = draws.split("reads");
    if (exists(reads, rotten_reads_percent, background_kind::rotten_reads, false))
        plan.disk.read_rot_chance = chance(reads, 10, 2'000);
    auto sectors = draws.split("sectors");
    if (exists(sectors, rotten_sectors_percent, background_kind::rotten_sectors, true))
        plan.disk.sticky_rot_chance = chance(sectors, 10, 10'000);
    auto writes = draws.split("writes");
    if (exists(writes, misdirected_percent, background_kind::misdirected_write, true))
        plan.disk.misdirect_chance = chance(writes, 100, 10'000);
    auto indexes = draws.split("indexes");
    if (exists(indexes, rotten_indexes_percent, background_kind::rotten_indexes, false))
        plan.disk.index_rot_chance = chance(indexes, 1'000, 100'000);
    auto texts = draws.split("texts");
    if (exists(texts, rotten_texts_percent, background_kind::rotten_texts, false)) {
        auto& which = texts.chance(1, 2) ? plan.disk.text_rot_chance : plan.disk.sticky_text_rot_chance;
        which = chance(texts, 1'000, 100'000);
    }
}

/// Others on a full disk move so many bytes in a second, where there are any.
std::uint64_t drawn_movers(runtime::random draws) {
    return draws.chance(1, 2) ? draws.log_between(1'000'000, 10'000'000) : 0;
}

/// Draws whatever the kind uses, and what it does not use as well: the parameters of one kind do not shift
/// those of another.
void draw_link_parameters(planned_fault& made, runtime::random draws) {
    const auto ways = all_of(link_ways{});
    made.client = static_cast<std::uint32_t>(draws.below(64));
    if (draws.chance(1, 4))
        made.client = planned_fault::every_client;
    made.ways = ways[draws.below(ways.size())];
    made.bytes_per_second = draws.log_between(1'000, 100'000);
    made.bytes = static_cast<std::uint32_t>(draws.log_between(1'024, 65'536));
    if (made.kind != fault_kind::reset_in_frame)
        return;
    // Half of them inside the four bytes of a length.
    const auto where = draws.below(4);
    const auto high = std::uint64_t(where < 2 ? 3 : where == 2 ? 200 : 100'000);
    made.bytes = static_cast<std::uint32_t>(where < 2 ? 1 + draws.below(high) : draws.log_between(1, high));
}

void draw_clock_parameters(planned_fault& made, runtime::random draws) {
    constexpr std::uint64_t hour_ms = 3'600'000;
    constexpr std::uint64_t ten_years_ms = 10 * 365 * 24 * hour_ms;
    constexpr std::int64_t usual_drift_ppm = 500;
    constexpr std::int64_t far_drift_ppm = 50'000;
    const bool back = draws.chance(1, 2);
    const auto by = static_cast<std::int64_t>(draws.log_between(1, back ? hour_ms : ten_years_ms));
    made.jump_ms = back ? -by : by;
    const auto drift = draws.chance(1, 4) ? far_drift_ppm : usual_drift_ppm;
    made.drift_ppm = draws.between(-drift, drift);
}

/// From the shortest to the longest time that a fault of this kind lasts.
std::pair<std::int64_t, std::int64_t> lengths_of(fault_kind kind) {
    switch (kind) {
    case fault_kind::crash_loop: return {millisecond, 200 * millisecond};
    case fault_kind::cut_link: return {millisecond, 10 * second};
    case fault_kind::flapping_link: return {5 * second, 60 * second};
    case fault_kind::clog: return {millisecond, 10 * second};
    case fault_kind::swizzle: return {second, 20 * second};
    case fault_kind::slow_link: return {second, 20 * second};
    case fault_kind::connects_refused:
    case fault_kind::connects_hang:
    case fault_kind::connects_silent: return {100 * millisecond, 10 * second};
    case fault_kind::pause: return {100 * millisecond, 20 * second};
    case fault_kind::slow_loop: return {100 * millisecond, 10 * second};
    case fault_kind::clock_drift: return {second, 30 * second};
    case fault_kind::slow_disk: return {100 * millisecond, 20 * second};
    case fault_kind::disk_stall:
    case fault_kind::full_disk:
    case fault_kind::full_of_names:
    case fault_kind::hanging_disk: return {10 * millisecond, 10 * second};
    case fault_kind::lost_directory:
    case fault_kind::hanging_directory:
    case fault_kind::taken_directory:
    case fault_kind::empty_directory: return {10 * millisecond, 30 * second};
    case fault_kind::other_disk: return {100 * millisecond, 5 * second};
    default: return {millisecond, 4 * second};
    }
}

planned_fault drawn_fault(fault_kind kind, runtime::random draws, std::uint64_t power_cuts) {
    planned_fault made;
    made.kind = kind;
    made.how = draws.chance(power_cuts, 4) ? crash_kind::power_cut : crash_kind::kill;
    made.losses = drawn_losses(draws);
    const auto [shortest, longest] = lengths_of(kind);
    made.lasts_ns = log_ns(draws, shortest, longest);
    made.operations = draws.log_between(1, 200);
    made.interval_ns = log_ns(draws, 10 * millisecond, 2 * second);
    made.count = static_cast<std::uint32_t>(draws.between(5, 20));
    made.factor = log_ns(draws, 2, kind == fault_kind::slow_disk ? 30 : 1'000);
    made.choice = draws.next();
    if (kind == fault_kind::crash_after_ack)
        made.after_ns = draws.between(0, 2 * millisecond);
    draw_link_parameters(made, draws.split("link"));
    draw_clock_parameters(made, draws.split("clock"));
    if (kind == fault_kind::full_disk)
        made.bytes_per_second = drawn_movers(draws.split("others"));
    if (kind == fault_kind::full_of_names)
        made.count = static_cast<std::uint32_t>(draws.split("places").between(1, 12));
    made.age_ns = log_ns(draws, 10 * millisecond, 30 * second);
    return made;
}

/// Dates of all faults of one run, by its style.
class dates {
public:
    dates(const fault_plan& plan, const fault_plan::bounds& within, runtime::random draws)
        : style_(plan.style), within_(within), last_(within.healing - quiet_before_healing_ns) {
        for (const auto kind : plan.kinds)
            restarts_ = restarts_ || kind <= fault_kind::stop;
        const auto count = draws.between(1, 4);
        for (std::int64_t i = 0; i < count; ++i)
            bursts_.emplace_back(draws.between(within.begin.get(), last_.get()),
                                 draws.between(second, 3 * second));
    }

    void give(planned_fault& to, runtime::random draws) const {
        to.at = virtual_time(draws.between(within_.begin.get(), last_.get()));
        if (style_ == schedule_style::burst) {
            const auto& [begin, length] = bursts_[draws.below(bursts_.size())];
            to.at = std::min(virtual_time(begin + draws.between(0, length)), last_);
        } else if (style_ == schedule_style::targeted) {
            aim(to, draws);
        }
        to.lasts_ns = std::min(to.lasts_ns, within_.healing - to.at);
    }

private:
    void aim(planned_fault& to, runtime::random& draws) const {
        constexpr std::int64_t recovery_ns = 500 * millisecond;
        constexpr std::int64_t after_ack_ns = 2 * millisecond;
        const auto target = draws.below(10);
        const auto in_creation = draws.between(millisecond, within_.begin.get());
        const auto in_recovery = log_ns(draws, microsecond, recovery_ns);
        const auto after_ack = draws.between(0, after_ack_ns);
        if (target < 2) {
            to.at = virtual_time(in_creation);
        } else if (target < 6 && restarts_) {
            to.moment = fault_moment::after_start;
            to.after_ns = in_recovery;
        } else {
            to.moment = fault_moment::after_ack;
            to.after_ns = after_ack;
        }
    }

    schedule_style style_;
    fault_plan::bounds within_;
    virtual_time last_;
    /// Some fault makes the broker start again.
    bool restarts_ = false;
    std::vector<std::pair<std::int64_t, std::int64_t>> bursts_;
};

void draw_faults(fault_plan& plan, const fault_plan::bounds& within, runtime::random draws,
                 std::uint64_t power_cuts, std::span<const kind_odds> rows) {
    const dates times(plan, within, draws.split("dates"));
    for (const auto& row : rows) {
        if (std::find(plan.kinds.begin(), plan.kinds.end(), row.kind) == plan.kinds.end())
            continue;
        auto of_kind = draws.split(name_of(row.kind));
        const auto every = static_cast<std::int64_t>(of_kind.log_between(row.every_s_low, row.every_s_high));
        const auto fitting = static_cast<std::uint64_t>((within.healing - within.begin) / (every * second));
        const auto count = std::clamp<std::uint64_t>(fitting, 1, faults_of_kind_max);
        for (std::uint64_t i = 0; i < count; ++i) {
            auto one = of_kind.split(i);
            plan.faults.push_back(drawn_fault(row.kind, one.split("fault"), power_cuts));
            times.give(plan.faults.back(), one.split("date"));
        }
    }
    std::stable_sort(plan.faults.begin(), plan.faults.end(),
                     [](const auto& a, const auto& b) { return a.at < b.at; });
}

/// Whether these kinds exist, and their faults.
void draw_kinds_of(fault_plan& plan, const fault_plan::bounds& within, runtime::random draws,
                   std::uint64_t power_cuts, std::span<const kind_odds> rows) {
    for (const auto& row : rows)
        if (draws.chance(row.enable_percent, 100))
            plan.kinds.push_back(row.kind);
    draw_faults(plan, within, draws.split("faults"), power_cuts, rows);
}

} // namespace

fault_plan fault_plan::drawn(runtime::random draws, const bounds& within) {
    fault_plan plan;
    plan.healing = within.healing;
    plan.mode = drawn_mode(draws);
    plan.any = plan.mode != swarm_mode::no_faults;
    if (!plan.any)
        return plan;
    const auto styles = all_of(schedule_style{});
    plan.style = styles[draws.below(styles.size())];
    // Of four crashes so many are power cuts, in the whole run.
    const auto power_cuts = draws.below(5);
    plan.last_crash = draws.chance(power_cuts, 4) ? crash_kind::power_cut : crash_kind::kill;
    plan.last_losses = drawn_losses(draws);
    draw_kinds(plan, draws.split("kinds"));
    draw_background(plan, draws.split("background"));
    draw_faults(plan, within, draws.split("faults"), power_cuts, kind_rows);
    if (!within.disk_harm_allowed || plan.mode != swarm_mode::some_kinds)
        return plan;
    draw_disk_harm(plan, draws.split("disk harm"));
    draw_rot(plan, draws.split("rot"));
    draw_kinds_of(plan, within, draws.split("disk faults"), power_cuts, disk_kind_rows);
    auto exchanged = draws.split("exchanged disks");
    for (const auto& row : exchanged_rows) {
        if (!exchanged.chance(row.enable_percent, 100))
            continue;
        plan.kinds.push_back(row.kind);
        // Whatever is made in an empty directory while it is there is gone with it.
        plan.lossy = plan.lossy || row.kind != fault_kind::other_disk;
    }
    draw_faults(plan, within, exchanged.split("faults"), power_cuts, exchanged_rows);
    draw_kinds_of(plan, within, draws.split("taken disks"), power_cuts, taken_rows);
    draw_kinds_of(plan, within, draws.split("harmed indexes"), power_cuts, index_rows);
    draw_kinds_of(plan, within, draws.split("places for files"), power_cuts, place_rows);
    return plan;
}

} // namespace barnabas::sim
