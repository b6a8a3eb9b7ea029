#include "cmd/barnabas/commands.hpp"
#include "cmd/barnabas/json_text.hpp"
#include "cmd/barnabas/text_file.hpp"
#include "cmd/barnabas/tools/groups_tool.hpp"
#include "cmd/cli/status_line.hpp"
#include "runtime/clock/system_clock.hpp"
#include "runtime/config/time_text.hpp"

#include <algorithm>
#include <limits>

// `barnabas consumer-groups --reset-offsets`.
namespace barnabas::groups {

using client::partition_name;

namespace {

constexpr std::string_view no_execute =
    "WARN: No action will be performed as the --execute option is missing. In a future major release, the "
    "default behavior of this command will be to prompt the user before executing the reset rather than "
    "doing "
    "a dry run. You should add the --dry-run option explicitly if you are scripting this command and want to "
    "keep the current default behavior without prompting.\n";

std::string named(const partition_name& name) {
    return name.topic + "-" + std::to_string(name.partition);
}

/// Calls with one piece of the map after the other, and tells on the way how far it is.
template <class Map, class Call>
result<void> in_pieces(const char* what, const Map& all, Call call) {
    constexpr std::size_t piece_most = 1000;
    cli::status_line line(cli::terminal_sink(), cli::status_line::clock::now());
    std::size_t done = 0;
    for (auto at = all.begin(); at != all.end();) {
        Map piece;
        for (; at != all.end() && piece.size() < piece_most; ++at)
            piece.insert(piece.end(), *at);
        done += piece.size();
        if (auto told = call(std::move(piece)); !told)
            return told;
        line.tell(std::to_string(done) + " of " + std::to_string(all.size()) + " " + what,
                  cli::status_line::clock::now());
    }
    return {};
}

/// One reset: what is to become of the offsets of one group after the other.
class resetter {
public:
    explicit resetter(const context& with) : with_(with), options_(with.options) {}

    result<said> run() {
        const auto groups = chosen_groups(with_);
        if (!groups)
            return groups.failure();
        if (auto read = read_file(); !read)
            return read.failure();
        if (!executes() && !options_.has("dry-run") && !with_.json())
            all_.complaints += no_execute;
        for (const auto& [group, described] : with_.calls.describe_groups(*groups, with_.limits).get()) {
            const bool unknown = !described && described.code() == errc::group_id_not_found;
            if (!described && !unknown)
                return described.failure();
            if (auto done = reset(group, unknown ? "Empty" : described->state); !done)
                return done.failure();
        }
        show();
        return all_;
    }

private:
    bool executes() const { return options_.has("execute"); }

    /// Where one group is named, files of --export do not repeat its name.
    std::optional<std::string> only_group() const {
        const auto named = options_.values("group");
        return named.size() == 1 ? std::optional(named.front()) : std::nullopt;
    }

    result<void> read_file() {
        const auto path = options_.value("from-file");
        if (!path)
            return {};
        const auto text = read_text_file(*path);
        if (!text)
            return text.failure();
        auto read = parse_plan_csv(*path, *text, only_group());
        if (!read)
            return read.failure();
        from_file_ = std::move(*read);
        return {};
    }

    result<void> reset(const std::string& group, const std::string& state) {
        if (state != "Empty" && state != "Dead") {
            refuse("Assignments can only be reset if the group '" + group +
                   "' is inactive, but the current state is " + state + ".");
            plans_[group];
            return {};
        }
        auto plan = planned(group);
        if (!plan)
            return plan.failure();
        if (executes())
            if (auto set = in_pieces("offsets set", *plan,
                                     [&](const offsets& piece) { return commit(group, piece); });
                !set)
                return set;
        plans_[group] = std::move(*plan);
        return {};
    }

    result<void> commit(const std::string& group, const offsets& some) const {
        std::map<partition_name, client::committed_offset> commits;
        for (const auto& [name, offset] : some)
            commits[name].offset = offset;
        for (const auto& [name, outcome] :
             with_.calls.commit_offsets(group, std::move(commits), with_.limits).get())
            if (!outcome)
                return error{outcome.code(), "the offset of " + named(name) + " of group '" + group +
                                                 "' was not set: " + sentence_of(outcome.failure())};
        return {};
    }

    result<offsets> planned(const std::string& group) {
        if (options_.has("from-file"))
            return planned_from_file(group);
        std::map<partition_name, client::committed_offset> committed;
        const bool needed =
            options_.has("all-topics") || options_.has("shift-by") || options_.has("to-current");
        if (needed) {
            const auto found = with_.calls.offsets_of_groups({group}, with_.limits).get();
            const auto& mine = found.at(group);
            if (!mine)
                return mine.failure();
            committed = *mine;
        }
        std::vector<partition_name> names;
        if (options_.has("all-topics")) {
            for (const auto& [name, offset] : committed)
                names.push_back(name);
        } else {
            auto chosen = chosen_partitions(with_, options_.values("topic"));
            if (!chosen)
                return chosen.failure();
            names = std::move(*chosen);
        }
        if (auto there = check_there(names); !there)
            return there.failure();
        return by_scenario(names, committed);
    }

    result<offsets> planned_from_file(const std::string& group) {
        const auto found = from_file_.find(group);
        if (found == from_file_.end()) {
            refuse("No reset plan for group " + group + " found.");
            return offsets{};
        }
        std::vector<partition_name> names;
        for (const auto& [name, offset] : found->second)
            names.push_back(name);
        if (auto there = check_there(names); !there)
            return there.failure();
        return within_logs(found->second);
    }

    result<void> check_there(const std::vector<partition_name>& names) const {
        const auto there = existing_partitions(with_, {names.begin(), names.end()});
        if (!there)
            return there.failure();
        std::vector<std::string> missing;
        for (const auto& name : names)
            if (!there->contains(name))
                missing.push_back(named(name));
        if (missing.empty())
            return {};
        return error{errc::unknown_topic_or_partition,
                     "The partitions \"" + tools::joined(missing, ",") + "\" do not exist"};
    }

    result<offsets> by_scenario(const std::vector<partition_name>& names,
                                const std::map<partition_name, client::committed_offset>& committed) {
        if (options_.has("to-earliest"))
            return offsets_at(names, client::offset_times::earliest);
        if (options_.has("to-latest"))
            return offsets_at(names, client::offset_times::latest);
        if (options_.has("to-offset"))
            return to_one_offset(names);
        if (options_.has("shift-by"))
            return shifted(names, committed);
        if (options_.has("to-current"))
            return to_current(names, committed);
        auto time = options_.has("to-datetime") ? parse_date_time(*options_.value("to-datetime"))
                                                : parse_duration(*options_.value("by-duration"));
        if (!time)
            return time.failure();
        if (options_.has("by-duration"))
            *time = runtime::system_clock().wall_now().get() - *time;
        return at_time(names, *time);
    }

    result<offsets> offsets_at(const std::vector<partition_name>& names, std::int64_t time) const {
        std::map<partition_name, std::int64_t> wanted;
        for (const auto& name : names)
            wanted[name] = time;
        offsets found;
        const auto done = in_pieces("offsets looked up", wanted, [&](offsets times) -> result<void> {
            for (const auto& [name, one] : with_.calls.list_offsets(std::move(times), with_.limits).get()) {
                if (!one)
                    return error{one.code(), "Error getting offset of topic partition: " + named(name) +
                                                 ": " + one.failure().detail};
                found[name] = one->offset;
            }
            return {};
        });
        if (!done)
            return done.failure();
        return found;
    }

    /// Where no record is that young, the end of the log.
    result<offsets> at_time(const std::vector<partition_name>& names, std::int64_t time) {
        auto found = offsets_at(names, time);
        if (!found)
            return found;
        std::vector<partition_name> none;
        for (const auto& [name, offset] : *found)
            if (offset < 0) {
                none.push_back(name);
                if (!with_.json())
                    all_.out += "\nWarn: Partition " + std::to_string(name.partition) + " from topic " +
                                name.topic + " is empty. Falling back to latest known offset.\n";
            }
        const auto ends = offsets_at(none, client::offset_times::latest);
        if (!ends)
            return ends;
        for (const auto& [name, offset] : *ends)
            (*found)[name] = offset;
        return found;
    }

    result<offsets> to_one_offset(const std::vector<partition_name>& names) {
        offsets wanted;
        for (const auto& name : names)
            wanted[name] = *tools::whole_number(*options_.value("to-offset"));
        return within_logs(wanted);
    }

    result<offsets> shifted(const std::vector<partition_name>& names,
                            const std::map<partition_name, client::committed_offset>& committed) {
        const auto by = *tools::whole_number(*options_.value("shift-by"));
        offsets wanted;
        for (const auto& name : names) {
            const auto found = committed.find(name);
            if (found == committed.end())
                return tools::wrong("Cannot shift offset for partition " + named(name) +
                                    " since there is no current committed offset");
            if (__builtin_add_overflow(found->second.offset, by, &wanted[name]))
                wanted[name] = by < 0 ? 0 : std::numeric_limits<std::int64_t>::max();
        }
        return within_logs(wanted);
    }

    result<offsets> to_current(const std::vector<partition_name>& names,
                               const std::map<partition_name, client::committed_offset>& committed) const {
        std::vector<partition_name> without;
        for (const auto& name : names)
            if (!committed.contains(name))
                without.push_back(name);
        auto found = offsets_at(without, client::offset_times::latest);
        if (!found)
            return found;
        for (const auto& name : names)
            if (const auto at = committed.find(name); at != committed.end())
                (*found)[name] = at->second.offset;
        return found;
    }

    /// Offsets beyond a log become its end or its start.
    result<offsets> within_logs(const offsets& wanted) {
        std::vector<partition_name> names;
        for (const auto& [name, offset] : wanted)
            names.push_back(name);
        const auto starts = offsets_at(names, client::offset_times::earliest);
        const auto ends = offsets_at(names, client::offset_times::latest);
        if (!starts || !ends)
            return !starts ? starts : ends;
        offsets within;
        for (const auto& [name, offset] : wanted) {
            within[name] = std::clamp(offset, starts->at(name), std::max(starts->at(name), ends->at(name)));
            if (within[name] != offset)
                all_.complaints += "WARN New offset (" + std::to_string(offset) + ") is " +
                                   (within[name] < offset ? "higher than latest" : "lower than earliest") +
                                   " offset for topic partition " + named(name) + ". Value will be set to " +
                                   std::to_string(within[name]) + ".\n";
        }
        return within;
    }

    void refuse(const std::string& sentence) {
        if (!with_.json())
            return complain(all_, sentence);
        all_.complaints += sentence + "\n";
        all_.status = exit_told;
    }

    void show() {
        if (options_.has("export")) {
            all_.out += plan_csv(plans_, !only_group()) + "\n";
        } else if (with_.json()) {
            std::vector<json_object> rows;
            for (const auto& [group, plan] : plans_)
                for (const auto& [name, offset] : plan)
                    rows.push_back(json_object()
                                       .add("group", group)
                                       .add("topic", name.topic)
                                       .add("partition", name.partition)
                                       .add("newOffset", offset));
            all_.out += json_object().add("offsets", rows).add("executed", executes()).text() + "\n";
        } else {
            all_.out += plan_text(plans_);
        }
    }

    const context& with_;
    const cli::parsed_options& options_;
    std::map<std::string, offsets> from_file_;
    std::map<std::string, offsets> plans_;
    said all_;
};

} // namespace

result<said> reset_offsets(const context& with) {
    return resetter(with).run();
}

} // namespace barnabas::groups
