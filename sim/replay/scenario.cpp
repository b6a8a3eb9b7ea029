#include "sim/replay/scenario.hpp"

#include "protocol/kafka/fetch.hpp"
#include "runtime/config/closest.hpp"
#include "sim/checkers/checkers.hpp"
#include "sim/mutants/mutants.hpp"
#include "sim/replay/attack_text.hpp"
#include "sim/replay/check_options.hpp"
#include "sim/replay/choice_text.hpp"
#include "sim/replay/send_text.hpp"
#include "sim/text/section_reader.hpp"
#include "sim/workloads/fault_plan.hpp"
#include "sim/workloads/option_fields.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace barnabas::sim {

namespace {

/// Who else than a checker can refuse a run: the run itself, the process that it is in, the tester's canary.
constexpr std::string_view refusers[] = {"node", "process", "canary"};

std::optional<std::string> unknown_checker(std::string_view name, std::span<const std::string_view> others) {
    const auto checkers = checker_names();
    std::vector<std::string_view> names(checkers.begin(), checkers.end());
    names.insert(names.end(), others.begin(), others.end());
    if (std::find(names.begin(), names.end(), name) != names.end())
        return {};
    const auto meant = closest(name, names);
    return "there is no checker " + std::string(name) +
           (meant ? "; did you mean " + std::string(*meant) + "?" : "");
}

} // namespace

/// One pass over the text for one seed. Sections of one kind replace what was drawn of that kind as a whole
/// (topics, producers, readers, dated faults); single options replace single options.
struct scenario::reading {
    const scenario& of;
    runtime::random draws;
    produce_consume_options made;
    std::map<std::string, std::uint64_t> seen;
    /// What can be judged only when all is read.
    std::size_t producer_line = 0;
    /// Producers and readers whose version the text says, with the lines where it does.
    stated_clients produce_version_lines = {};
    stated_clients fetch_version_lines = {};
    /// Producers whose codecs the text names.
    std::set<std::size_t> codecs_stated{};
    std::vector<std::size_t> send_lines = {};
    std::vector<std::pair<choice_log::loop, std::size_t>> choice_lines = {};

    using handler = result<void> (reading::*)(const document_section&);
    static const std::map<std::string, handler, std::less<>>& handlers();

    result<void> all();
    result<void> known(const document_section& section);
    void settle_drawn();
    result<void> fits_together() const;
    section_reader reader(const document_section& from, std::uint64_t number = 0) const {
        return {of.text_, from, draws.split(from.name).split(number)};
    }

    result<void> skip(const document_section&) { return {}; }
    result<void> broker(const document_section& from);
    result<void> clients(const document_section& from);
    result<void> topic(const document_section& from);
    result<void> producer(const document_section& from);
    result<void> consumer(const document_section& from);
    result<void> member(const document_section& from) {
        return several<member_options>(from, made.members, nullptr);
    }
    result<void> program(const document_section& from) {
        return several<program_options>(from, made.programs, &program_options::drawn);
    }
    /// Of a section that states `count` structs alike, or drawn each, and may come again.
    template <class Options>
    result<void> several(const document_section& from, std::vector<Options>& into,
                         Options (*drawn)(runtime::random)) {
        if (seen[from.name] == 0)
            into.clear();
        std::uint64_t count = 1;
        std::uint64_t copy = 0;
        do {
            const auto number = seen[from.name]++;
            const bool draws_it = drawn != nullptr && of.draw_;
            auto options = draws_it ? drawn(draws.split(from.name).split(number)) : Options{};
            auto lines = reader(from, number);
            lines.field("count", count).fields(options);
            lines.check(problem_of(options)).check(too_many("count", count, number));
            if (auto done = lines.done(); !done)
                return done;
            into.push_back(std::move(options));
        } while (++copy < count);
        return {};
    }
    result<void> network(const document_section& from);
    result<void> disk(const document_section& from);
    result<void> faults(const document_section& from);
    result<void> fault(const document_section& from);
    result<void> harm(const document_section& from);
    /// Of a section that comes once and states one struct.
    template <auto Part>
    result<void> single(const document_section& from) {
        auto lines = reader(from);
        return lines.fields(made.*Part).check(problem_of(made.*Part)).done();
    }
    result<void> checks(const document_section& from);
    result<void> sends(const document_section& from);
    result<void> attacks(const document_section& from);
    result<void> choices(const document_section& from);
};

const std::map<std::string, scenario::reading::handler, std::less<>>& scenario::reading::handlers() {
    static const std::map<std::string, handler, std::less<>> all{
        {"scenario", &reading::skip},
        {"broker", &reading::broker},
        {"clients", &reading::clients},
        {"topic", &reading::topic},
        {"producer", &reading::producer},
        {"reader", &reading::consumer},
        {"network", &reading::network},
        {"disk", &reading::disk},
        {"faults", &reading::skip},
        {"fault", &reading::fault},
        {"checks", &reading::checks},
        {"sends", &reading::sends},
        {"choices", &reading::choices},
        {"hostile", &reading::single<&produce_consume_options::hostile>},
        {"harm", &reading::harm},
        {"attacks", &reading::attacks},
        {"lookups", &reading::single<&produce_consume_options::lookups>},
        {"member", &reading::member},
        {"consumer", &reading::program},
        {"group_admin", &reading::single<&produce_consume_options::group_admin>},
        {"recreations", &reading::single<&produce_consume_options::recreations>},
        {"alterations", &reading::single<&produce_consume_options::alterations>},
    };
    return all;
}

result<void> scenario::reading::all() {
    // Whether faults are drawn is settled before anything is stated about them.
    if (const auto* section = of.text_.find("faults"); section != nullptr) {
        if (auto done = faults(*section); !done)
            return done;
    }
    for (const auto& section : of.text_.sections) {
        if (auto done = known(section); !done)
            return done;
        if (auto done = (this->*handlers().find(section.name)->second)(section); !done)
            return done;
    }
    std::stable_sort(made.faults.faults.begin(), made.faults.faults.end(),
                     [](const auto& a, const auto& b) { return a.at < b.at; });
    settle_drawn();
    return fits_together();
}

result<void> scenario::reading::known(const document_section& section) {
    constexpr std::string_view lists[] = {"topic",    "producer", "reader", "member",
                                          "consumer", "fault",    "harm"};
    if (handlers().find(section.name) == handlers().end()) {
        std::vector<std::string_view> names;
        for (const auto& [name, unused] : handlers())
            names.push_back(name);
        const auto meant = closest(section.name, names);
        return of.text_.wrong(section.line,
                              "no section is called [" + section.name + "]" +
                                  (meant ? "; did you mean [" + std::string(*meant) + "]?" : ""));
    }
    const auto* first = of.text_.find(section.name);
    if (first != &section && std::find(std::begin(lists), std::end(lists), section.name) == std::end(lists))
        return of.text_.wrong(section.line, "[" + section.name + "] was already there in line " +
                                                std::to_string(first->line));
    return {};
}

/// What was drawn gives way to what is stated.
void scenario::reading::settle_drawn() {
    // Positions of programs are of one topic, and where groups are stated those that were drawn are played.
    if (made.recreations.interval_ns != 0)
        name_topics_by_id(made, produce_version_lines, fetch_version_lines);
    else if (of.draw_ && seen["member"] == 0 && seen["consumer"] == 0)
        draw_library_groups(made);
    if (!of.draw_ || !problem_of_zstd(made))
        return;
    if (seen["reader"] == 0) {
        for (auto& each : made.readers)
            each.fetch_version_max = kafka::fetch_request::highest_version;
        return;
    }
    for (std::size_t i = 0; i < made.producers.size(); ++i)
        if (!codecs_stated.contains(i))
            std::replace(made.producers[i].codecs.begin(), made.producers[i].codecs.end(), batch::codec::zstd,
                         batch::codec::lz4);
}

result<void> scenario::reading::fits_together() const {
    if (!made.producers.empty() && made.topics.empty())
        return of.text_.wrong(producer_line, "[producer] there is no topic to send to");
    if (const auto problem = problem_of_zstd(made))
        return of.text_.wrong(producer_line, *problem);
    if (const auto problem = problem_of_namesakes(made)) {
        const auto& lines = problem->of_reader ? fetch_version_lines : produce_version_lines;
        return of.text_.wrong(lines.at(problem->number), problem->what);
    }
    if (!made.programs.empty() && made.recreations.interval_ns != 0)
        return of.text_.wrong(1,
                              "[consumer] and [recreations] do not go together: positions are of one topic");
    if (made.alterations.interval_ns != 0 && made.recreations.interval_ns != 0 && !made.alterations.cordon)
        return of.text_.wrong(1, "[alterations] and [recreations] do not go together: a topic that is made "
                                 "again has other configs");
    if (made.alterations.cordon && !made.alterations.broker)
        return of.text_.wrong(1, "[alterations] cordon = yes needs broker = yes");
    virtual_time before{0};
    for (std::size_t i = 0; i < send_lines.size(); ++i) {
        const auto& send = (*made.sends)[i];
        if (const auto problem = problem_of(send, before, made))
            return of.text_.wrong(send_lines[i], *problem);
        before = send.at;
    }
    for (const auto& [loop, line] : choice_lines)
        if (const auto problem = problem_of(loop, made))
            return of.text_.wrong(line, *problem);
    return {};
}

result<void> scenario::reading::broker(const document_section& from) {
    auto& made_configs = made.broker_config;
    std::vector<std::pair<std::string, std::string>> stated;
    auto lines = reader(from);
    lines.fields(made.broker_scheduler).fields(made.broker_clock).configs(stated);
    for (const auto& each : stated) {
        std::erase_if(made_configs, [&](const auto& drawn) { return drawn.first == each.first; });
        made_configs.push_back(each);
    }
    return lines.check(problem_of(made.broker_scheduler))
        .check(problem_of(made.broker_clock))
        .check(problem_of_broker_config(made_configs))
        .done();
}

result<void> scenario::reading::clients(const document_section& from) {
    auto lines = reader(from);
    return lines.fields(made.client_scheduler).check(problem_of(made.client_scheduler)).done();
}

result<void> scenario::reading::topic(const document_section& from) {
    const auto number = seen["topic"]++;
    if (number == 0)
        made.topics.clear();
    client::new_topic topic;
    // Workloads name topics by number.
    topic.name = "t" + std::to_string(number);
    if (!from.argument.empty() && from.argument != topic.name)
        return of.text_.wrong(from.line,
                              "topic number " + std::to_string(number) + " is called " + topic.name);
    auto lines = reader(from, number);
    const auto done = lines.fields(topic).configs(topic.configs).check(problem_of(topic)).done();
    made.topics.push_back(std::move(topic));
    return done;
}

result<void> scenario::reading::producer(const document_section& from) {
    if (seen["producer"] == 0)
        made.producers.clear();
    producer_line = from.line;
    std::uint64_t count = 1;
    std::uint64_t copy = 0;
    do {
        const auto number = seen["producer"]++;
        auto load = of.draw_ ? drawn_load(draws.split("producer").split(number)) : load_options{};
        if (load.codecs.empty())
            load.codecs.push_back(batch::codec::none);
        auto stated = reader(from, number);
        stated.field("count", count).fields(load);
        fit_to_version(load, stated.says("idempotent"), stated.says("codecs"));
        // Who states a version means a client that has it.
        if (of.draw_ && !stated.says("library") && !stated.says("produce_version_max"))
            draw_library(load, draws.split("library").split(number));
        if (stated.says("codecs"))
            codecs_stated.insert(made.producers.size());
        if (auto done = stated.check(problem_of(load)).check(too_many("count", count, number)).done(); !done)
            return done;
        if (const auto* line = from.find("produce_version_max"))
            produce_version_lines[made.producers.size()] = line->line;
        made.producers.push_back(std::move(load));
    } while (++copy < count);
    return {};
}

result<void> scenario::reading::consumer(const document_section& from) {
    const auto before = seen["reader"] == 0 ? 0 : made.readers.size();
    const auto done = several<reader_options>(from, made.readers, &drawn_reader);
    const auto* version = from.find("fetch_version_max");
    for (auto number = before; number < made.readers.size(); ++number) {
        if (version != nullptr)
            fetch_version_lines[number] = version->line;
        else if (of.draw_ && from.find("library") == nullptr)
            draw_library(made.readers[number], draws.split("library reader").split(number));
    }
    return done;
}

result<void> scenario::reading::network(const document_section& from) {
    made.faults.any = true;
    auto lines = reader(from);
    return lines.fields(made.faults.network).check(problem_of(made.faults.network)).done();
}

result<void> scenario::reading::disk(const document_section& from) {
    made.faults.any = true;
    auto lines = reader(from);
    return lines.fields(made.faults.disk).check(problem_of(made.faults.disk, made.faults.lossy)).done();
}

result<void> scenario::reading::faults(const document_section& from) {
    bool draw = true;
    auto& plan = made.faults;
    auto lines = reader(from);
    lines.field("draw", draw)
        .field("any", plan.any)
        .field("healing_ns", plan.healing)
        .field("progress_due_ns", made.progress_due)
        .field("lossy", plan.lossy)
        .field("last_crash", plan.last_crash)
        .fields(plan.last_losses);
    const auto done = lines.check(problem_of_phases(plan.healing, made.progress_due))
                          .check(problem_of(plan.last_losses))
                          .done();
    if (!draw) {
        plan.faults.clear();
        plan.network = {};
        plan.disk = {};
        plan.lossy = false;
    }
    // What was drawn to lose goes with the label.
    if (!plan.lossy) {
        plan.disk = plan.disk.honest();
        std::erase_if(plan.faults, [](const planned_fault& fault) { return may_lose(fault.kind); });
    }
    return done;
}

result<void> scenario::reading::fault(const document_section& from) {
    made.faults.any = true;
    std::uint64_t repeat = 1;
    std::uint64_t chance_percent = 100;
    std::uint64_t done_times = 0;
    do {
        const auto number = seen["fault"]++;
        planned_fault fault;
        auto lines = reader(from, number);
        lines.needs({"at", "kind"}).field("repeat", repeat).field("chance_percent", chance_percent);
        lines.fields(fault).called("[fault] of kind " + std::string(name_of(fault.kind)));
        lines.check(problem_of(fault, made.faults.healing, made.faults.lossy))
            .check(problem_of_repetition(repeat, chance_percent));
        if (auto done = lines.done(); !done)
            return done;
        auto whether = draws.split("fault chance").split(number);
        if (whether.chance(chance_percent, 100))
            made.faults.faults.push_back(std::move(fault));
    } while (++done_times < repeat);
    return {};
}

result<void> scenario::reading::harm(const document_section& from) {
    made.faults.any = true;
    auto& harm = made.faults.harms.emplace_back();
    auto lines = reader(from, seen["harm"]++);
    lines.needs({"connection", "kind"}).fields(harm);
    return lines.called("[harm] of kind " + std::string(name_of(harm.kind))).check(problem_of(harm)).done();
}

result<void> scenario::reading::checks(const document_section& from) {
    std::string without;
    const auto* line = from.find("without");
    if (auto done = reader(from).field("without", without).done(); !done)
        return done;
    for (std::string_view rest = without; !rest.empty();) {
        const auto name = rest.substr(0, rest.find(' '));
        rest.remove_prefix(std::min(rest.size(), name.size() + 1));
        if (name.empty())
            continue;
        if (auto problem = unknown_checker(name, {}))
            return of.text_.wrong(line->line, *problem);
        made.without_checkers.emplace_back(name);
    }
    return {};
}

result<void> scenario::reading::sends(const document_section& from) {
    std::vector<document_line> rows;
    if (auto done = reader(from).rows(rows).done(); !done)
        return done;
    made.sends.emplace();
    for (const auto& row : rows) {
        auto send = parse_send(row.value);
        if (!send)
            return of.text_.wrong(row.line, send.failure().detail);
        made.sends->push_back(std::move(*send));
        send_lines.push_back(row.line);
    }
    return {};
}

result<void> scenario::reading::attacks(const document_section& from) {
    std::vector<document_line> rows;
    if (auto done = reader(from).rows(rows).done(); !done)
        return done;
    made.attacks.emplace();
    virtual_time before{0};
    for (const auto& row : rows) {
        auto attack = parse_attack(row.value);
        if (!attack)
            return of.text_.wrong(row.line, attack.failure().detail);
        if (attack->at < before)
            return of.text_.wrong(row.line, "the attacks must stand in the order of their times");
        before = attack->at;
        made.attacks->push_back(*attack);
    }
    return {};
}

result<void> scenario::reading::choices(const document_section& from) {
    std::vector<document_line> rows;
    if (auto done = reader(from).rows(rows).done(); !done)
        return done;
    auto log = std::make_shared<choice_log>();
    for (const auto& row : rows) {
        auto loop = add_choices(*log, row.value);
        if (!loop)
            return of.text_.wrong(row.line, loop.failure().detail);
        choice_lines.emplace_back(std::move(*loop), row.line);
    }
    made.choices = std::move(log);
    return {};
}

result<scenario> scenario::read(std::string name, std::string_view text) {
    auto parsed = parse_document(std::move(name), text);
    if (!parsed)
        return parsed.failure();
    scenario made;
    made.text_ = std::move(*parsed);
    runtime::random unused(0);
    std::uint64_t seed = 0;
    if (const auto* head = made.text_.find("scenario"); head != nullptr) {
        section_reader reader(made.text_, *head, unused);
        const auto done = reader.field("about", made.about_)
                              .field("seconds", made.seconds_)
                              .field("draw", made.draw_)
                              .field("seed", seed)
                              .field("mutant", made.mutant_)
                              .field("violates", made.violates_)
                              .done();
        if (!done)
            return done.failure();
        if (reader.says("seed"))
            made.seed_ = seed;
        reader.check(made.problem_of_head());
        if (const auto fits = reader.done(); !fits)
            return fits.failure();
    }
    if (auto fits = made.options(seed); !fits)
        return fits.failure();
    return made;
}

std::optional<value_problem> scenario::problem_of_head() const {
    if (seconds_ < scenario_seconds_least || seconds_ > scenario_seconds_most)
        return value_problem{{"seconds"},
                             "seconds must be in " + std::to_string(scenario_seconds_least) + ".." +
                                 std::to_string(scenario_seconds_most)};
    if (!mutant_.empty() && find_mutant(mutant_) == nullptr)
        return value_problem{{"mutant"}, "there is no mutant " + mutant_};
    if (auto problem = violates_.empty() ? std::nullopt : unknown_checker(violates_, refusers))
        return value_problem{{"violates"}, *problem};
    return {};
}

result<produce_consume_options> scenario::options(std::uint64_t seed) const {
    reading reads{*this,
                  runtime::random(seed).split("scenario"),
                  draw_ ? produce_consume_options::drawn_played(seed, seconds_)
                        : produce_consume_options::plain(seed, seconds_),
                  {}};
    // The same draws as without a text, where a section leaves something to chance.
    reads.draws = runtime::random(seed).split("produce_consume");
    if (auto done = reads.all(); !done)
        return done.failure();
    return std::move(reads.made);
}

} // namespace barnabas::sim
