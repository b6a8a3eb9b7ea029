#include "sim/replay/expanded_text.hpp"

#include "sim/replay/attack_text.hpp"
#include "sim/replay/choice_text.hpp"
#include "sim/replay/send_text.hpp"
#include "sim/workloads/fault_plan.hpp"
#include "sim/workloads/option_fields.hpp"

namespace barnabas::sim {

namespace {

using config_list = std::vector<std::pair<std::string, std::string>>;

class text_writer {
public:
    text_writer& section(const std::string& name) {
        text_ += (text_.empty() ? "[" : "\n[") + name + "]\n";
        return *this;
    }
    template <class Value>
    text_writer& field(std::string_view name, const Value& value) {
        text_ += std::string(key_of_field(name)) + " = " + field_text(name, value) + "\n";
        return *this;
    }
    template <class Options>
    text_writer& fields(const Options& of) {
        for_each_field(of, [this](std::string_view name, const auto& value) { field(name, value); });
        return *this;
    }
    text_writer& configs(const config_list& configs) {
        for (const auto& [key, value] : configs)
            text_ += "config." + key + " = " + value + "\n";
        return *this;
    }
    text_writer& row(const std::string& row) {
        text_ += row + "\n";
        return *this;
    }
    std::string take() { return std::move(text_); }

private:
    std::string text_;
};

void write_head(text_writer& to, const produce_consume_options& options, const expanded_head& head) {
    to.section("scenario");
    if (!head.about.empty())
        to.field("about", head.about);
    to.field("seed", options.seed).field("seconds", options.seconds).field("draw", false);
    if (!head.mutant.empty())
        to.field("mutant", head.mutant);
    if (!head.violates.empty())
        to.field("violates", head.violates);
    if (options.without_checkers.empty())
        return;
    std::string without;
    for (const auto& name : options.without_checkers)
        without += (without.empty() ? "" : " ") + name;
    to.section("checks").field("without", without);
}

void write_faults(text_writer& to, const fault_plan& plan, virtual_time progress_due) {
    if (plan.any) {
        to.section("network").fields(plan.network);
        to.section("disk").fields(plan.disk);
    }
    to.section("faults").field("any", plan.any).field("healing_ns", plan.healing);
    to.field("progress_due_ns", progress_due);
    if (plan.any)
        to.field("last_crash", plan.last_crash).fields(plan.last_losses);
    to.field("lossy", plan.lossy);
    for (const auto& fault : plan.faults)
        to.section("fault").fields(fault);
    for (const auto& harm : plan.harms)
        to.section("harm").fields(harm);
}

} // namespace

std::string expanded_text(const produce_consume_options& options, const expanded_head& head) {
    text_writer text;
    write_head(text, options, head);
    text.section("broker").fields(options.broker_scheduler).fields(options.broker_clock);
    text.configs(options.broker_config);
    text.section("clients").fields(options.client_scheduler);
    for (const auto& topic : options.topics)
        text.section("topic " + topic.name).fields(topic).configs(topic.configs);
    for (const auto& load : options.producers)
        text.section("producer").fields(load);
    for (const auto& reader : options.readers)
        text.section("reader").fields(reader);
    for (const auto& member : options.members)
        text.section("member").fields(member);
    for (const auto& program : options.programs)
        text.section("consumer").fields(program);
    if (options.group_admin.interval_ns != 0)
        text.section("group_admin").fields(options.group_admin);
    if (!options.hostile.kinds.none() || options.attacks)
        text.section("hostile").fields(options.hostile);
    if (options.lookups.interval_ns != 0)
        text.section("lookups").fields(options.lookups);
    if (options.recreations.interval_ns != 0)
        text.section("recreations").fields(options.recreations);
    if (options.alterations.interval_ns != 0)
        text.section("alterations").fields(options.alterations);
    write_faults(text, options.faults, options.progress_due);
    if (options.sends) {
        text.section("sends");
        for (const auto& send : *options.sends)
            text.row(send_text(send));
    }
    if (options.attacks) {
        text.section("attacks");
        for (const auto& attack : *options.attacks)
            text.row(attack_text(attack));
    }
    if (options.choices && !options.choices->picks.empty()) {
        auto rows = choices_text(*options.choices);
        if (rows.ends_with('\n'))
            rows.pop_back();
        if (!rows.empty())
            text.section("choices").row(rows);
    }
    return text.take();
}

} // namespace barnabas::sim
