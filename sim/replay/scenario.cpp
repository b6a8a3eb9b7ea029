#include "sim/replay/scenario.hpp"

#include "runtime/config/closest.hpp"
#include "sim/checkers/checkers.hpp"
#include "sim/replay/check_options.hpp"
#include "sim/replay/choice_text.hpp"
#include "sim/replay/send_text.hpp"
#include "sim/text/section_reader.hpp"
#include "sim/workloads/fault_plan.hpp"
#include "sim/workloads/option_fields.hpp"

#include <algorithm>
#include <map>

namespace barnabas::sim {

/// One pass over the text for one seed. Sections of one kind replace what was drawn of that kind as a whole
/// (topics, producers, readers, dated faults); single options replace single options.
struct scenario::reading {
    const scenario& of;
    runtime::random draws;
    produce_consume_options made;
    std::map<std::string, std::uint64_t> seen;

    using handler = result<void> (reading::*)(const document_section&);
    static const std::map<std::string, handler, std::less<>>& handlers();

    result<void> all();
    section_reader reader(const document_section& from, std::uint64_t number = 0) const {
        return {of.text_, from, draws.split(from.name).split(number)};
    }

    result<void> skip(const document_section&) { return {}; }
    result<void> broker(const document_section& from);
    result<void> clients(const document_section& from);
    result<void> topic(const document_section& from);
    result<void> producer(const document_section& from);
    result<void> consumer(const document_section& from);
    result<void> network(const document_section& from);
    result<void> disk(const document_section& from);
    result<void> faults(const document_section& from);
    result<void> fault(const document_section& from);
    result<void> harm(const document_section& from);
    result<void> hostile(const document_section& from);
    result<void> checks(const document_section& from);
    result<void> sends(const document_section& from);
    result<void> choices(const document_section& from);
};

const std::map<std::string, scenario::reading::handler, std::less<>>& scenario::reading::handlers() {
    static const std::map<std::string, handler, std::less<>> all{
        {"scenario", &reading::skip},   {"broker", &reading::broker},     {"clients", &reading::clients},
        {"topic", &reading::topic},     {"producer", &reading::producer}, {"reader", &reading::consumer},
        {"network", &reading::network}, {"disk", &reading::disk},         {"faults", &reading::skip},
        {"fault", &reading::fault},     {"checks", &reading::checks},     {"sends", &reading::sends},
        {"choices", &reading::choices}, {"hostile", &reading::hostile},   {"harm", &reading::harm},
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
        const auto handle = handlers().find(section.name);
        if (handle == handlers().end()) {
            std::vector<std::string_view> names;
            for (const auto& [name, unused] : handlers())
                names.push_back(name);
            const auto meant = closest(section.name, names);
            return of.text_.wrong(section.line,
                                  "no section is called [" + section.name + "]" +
                                      (meant ? "; did you mean [" + std::string(*meant) + "]?" : ""));
        }
        if (auto done = (this->*handle->second)(section); !done)
            return done;
    }
    std::stable_sort(made.faults.faults.begin(), made.faults.faults.end(),
                     [](const auto& a, const auto& b) { return a.at < b.at; });
    const auto fits = check_options(made);
    if (!fits)
        return error{errc::invalid_request, of.text_.name + ": " + fits.failure().detail};
    return {};
}

result<void> scenario::reading::broker(const document_section& from) {
    auto& made_configs = made.broker_config;
    std::vector<std::pair<std::string, std::string>> stated;
    const auto done =
        reader(from).fields(made.broker_scheduler).fields(made.broker_clock).configs(stated).done();
    for (auto& [key, value] : stated) {
        std::erase_if(made_configs, [&](const auto& drawn) { return drawn.first == key; });
        made_configs.emplace_back(key, value);
    }
    return done;
}

result<void> scenario::reading::clients(const document_section& from) {
    return reader(from).fields(made.client_scheduler).done();
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
    const auto done = reader(from, number).fields(topic).configs(topic.configs).done();
    made.topics.push_back(std::move(topic));
    return done;
}

result<void> scenario::reading::producer(const document_section& from) {
    const auto first = seen["producer"] == 0;
    if (first)
        made.producers.clear();
    std::uint64_t count = 1;
    std::uint64_t copy = 0;
    do {
        const auto number = seen["producer"]++;
        auto load = of.draw_ ? drawn_load(draws.split("producer").split(number)) : load_options{};
        if (load.codecs.empty())
            load.codecs.push_back(batch::codec::none);
        const auto done = reader(from, number).field("count", count).fields(load).done();
        if (!done)
            return done;
        made.producers.push_back(std::move(load));
    } while (++copy < count && copy < clients_max);
    return {};
}

result<void> scenario::reading::consumer(const document_section& from) {
    if (seen["reader"] == 0)
        made.readers.clear();
    std::uint64_t count = 1;
    std::uint64_t copy = 0;
    do {
        const auto number = seen["reader"]++;
        auto options =
            of.draw_ ? drawn_reader(draws.split("reader").split(number)) : client::consumer_options{};
        const auto done = reader(from, number).field("count", count).fields(options).done();
        if (!done)
            return done;
        made.readers.push_back(std::move(options));
    } while (++copy < count && copy < clients_max);
    return {};
}

result<void> scenario::reading::network(const document_section& from) {
    made.faults.any = true;
    return reader(from).fields(made.faults.network).done();
}

result<void> scenario::reading::disk(const document_section& from) {
    made.faults.any = true;
    return reader(from).fields(made.faults.disk).done();
}

result<void> scenario::reading::faults(const document_section& from) {
    bool draw = true;
    auto& plan = made.faults;
    const auto done = reader(from)
                          .field("draw", draw)
                          .field("any", plan.any)
                          .field("healing_ns", plan.healing)
                          .field("progress_due_ns", made.progress_due)
                          .field("lossy", plan.lossy)
                          .field("last_crash", plan.last_crash)
                          .fields(plan.last_losses)
                          .done();
    if (!draw) {
        plan.faults.clear();
        plan.network = {};
        plan.disk = {};
        plan.lossy = false;
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
        const auto done = reader(from, number)
                              .field("repeat", repeat)
                              .field("chance_percent", chance_percent)
                              .fields(fault)
                              .done();
        if (!done)
            return done;
        auto whether = draws.split("fault chance").split(number);
        if (whether.chance(std::min<std::uint64_t>(chance_percent, 100), 100))
            made.faults.faults.push_back(std::move(fault));
    } while (++done_times < repeat && done_times < faults_max);
    return {};
}

result<void> scenario::reading::harm(const document_section& from) {
    made.faults.any = true;
    return reader(from, seen["harm"]++).fields(made.faults.harms.emplace_back()).done();
}

result<void> scenario::reading::hostile(const document_section& from) {
    return reader(from).fields(made.hostile).done();
}

result<void> scenario::reading::checks(const document_section& from) {
    std::string without;
    const auto* line = from.find("without");
    if (auto done = reader(from).field("without", without).done(); !done)
        return done;
    const auto known = checker_names();
    while (!without.empty()) {
        const auto blank = without.find(' ');
        const auto name = without.substr(0, blank);
        without = blank == std::string::npos ? "" : without.substr(blank + 1);
        if (std::find(known.begin(), known.end(), name) == known.end()) {
            const std::vector<std::string_view> names(known.begin(), known.end());
            const auto meant = closest(name, names);
            return of.text_.wrong(line->line,
                                  "there is no checker " + name +
                                      (meant ? "; did you mean " + std::string(*meant) + "?" : ""));
        }
        made.without_checkers.push_back(name);
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
    }
    return {};
}

result<void> scenario::reading::choices(const document_section& from) {
    std::vector<document_line> rows;
    if (auto done = reader(from).rows(rows).done(); !done)
        return done;
    auto log = std::make_shared<choice_log>();
    for (const auto& row : rows) {
        if (auto done = add_choices(*log, row.value); !done)
            return of.text_.wrong(row.line, done.failure().detail);
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
        if (made.seconds_ < scenario_seconds_least || made.seconds_ > scenario_seconds_most)
            return made.text_.wrong(head->line, "seconds must be in " +
                                                    std::to_string(scenario_seconds_least) + ".." +
                                                    std::to_string(scenario_seconds_most));
    }
    if (auto fits = made.options(seed); !fits)
        return fits.failure();
    return made;
}

scenario scenario::everything_drawn() {
    return {};
}

result<produce_consume_options> scenario::options(std::uint64_t seed) const {
    reading reads{*this,
                  runtime::random(seed).split("scenario"),
                  draw_ ? produce_consume_options::drawn(seed, seconds_)
                        : produce_consume_options::plain(seed, seconds_),
                  {}};
    // The same draws as without a text, where a section leaves something to chance.
    reads.draws = runtime::random(seed).split("produce_consume");
    if (auto done = reads.all(); !done)
        return done.failure();
    return std::move(reads.made);
}

} // namespace barnabas::sim
