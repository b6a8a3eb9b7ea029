// What the clients of a run send, drawn or stated, and how a run is written down.

#include "protocol/kafka/record_formats.hpp"
#include "sim/workloads/produce_consume.hpp"
#include "sim/workloads/record_content.hpp"

#include <algorithm>
#include <cstring>

namespace barnabas::sim {

namespace {

std::int64_t drawn_interval(const load_options& of, runtime::random& draws) {
    return draws.between(of.interval_ns / 4, of.interval_ns * 7 / 4);
}

/// For `wait_by_address`, which needs what nothing else may look at.
std::int64_t place_in_memory(const auto& of) {
    const auto* at = &of;
    std::uint64_t address = 0;
    std::memcpy(&address, &at, sizeof at);
    // Pages move, places inside of a page do not.
    return static_cast<std::int64_t>(address >> 12);
}

} // namespace

void produce_consume::send_next(load& of) {
    of.next_at = world_.now() + drawn_interval(*of.options, of.draws);
    if (options_.planted.planted.wait_by_address)
        of.next_at = of.next_at + place_in_memory(of) % millisecond;
    world_.schedule(of.next_at, world_owner, [this, &of] {
        if (load_ended_)
            return;
        if (of.unfinished < of.options->unfinished_max)
            send_drawn(of);
        send_next(of);
    });
}

void produce_consume::send_drawn(load& of) {
    auto planned = drawn_send(of, of.draws, world_.now());
    send_records(of, planned);
    if (chosen_)
        performed_.push_back(std::move(planned));
}

planned_send produce_consume::drawn_send(const load& of, runtime::random& draws, virtual_time at) const {
    const auto& options = *of.options;
    const auto all = places();
    planned_send planned;
    planned.at = at;
    planned.producer = of.number;
    planned.where = all[draws.below(all.size())];
    planned.where.incarnation = 0; // as it will be when it is sent
    planned.compression = options.codecs[draws.below(options.codecs.size())];
    const auto count = draws.between(1, static_cast<std::int64_t>(options.records_max));
    for (std::int64_t i = 0; i < count; ++i)
        planned.value_bytes.push_back(
            static_cast<std::uint32_t>(draws.log_between(1, options.value_bytes_max)));
    return planned;
}

void produce_consume::send_planned(std::size_t index) {
    const auto& planned = (*options_.sends)[index];
    if (index + 1 < options_.sends->size())
        world_.schedule((*options_.sends)[index + 1].at, world_owner,
                        [this, index] { send_planned(index + 1); });
    send_records(*loads_[planned.producer], planned);
}

void produce_consume::send_batch(load& of, const planned_send& planned) {
    // Who has not heard of the topic yet could not say which one it means.
    const auto known = recreator_ == nullptr ? topic_id{} : recreator_->newest(planned.where.topic);
    if (!known)
        return;
    const auto& options = *of.options;
    sent_batch sent;
    sent.token = history_.batches().size();
    sent.producer = of.number;
    sent.where = planned.where;
    sent.where.incarnation = recreator_ == nullptr ? 0 : lives_.number_of(planned.where.topic, *known);
    sent.first_record = history_.records();
    sent.acks = options.producer.acks;
    sent.idempotent = is_idempotent(of);
    sent.next_epoch = options.producer.next_epoch || options.library;
    sent.at = world_.now();
    client::outgoing_batch batch;
    batch.token = sent.token;
    batch.topic = options_.topics[sent.where.topic].name;
    batch.topic_id = *known;
    batch.partition = sent.where.partition;
    batch.compression = planned.compression;
    // Which batches: drawn by their number, so that a schedule needs not say it.
    auto stamps = world_.draws(draw_stream::workload).split("stamps").split(sent.token);
    const bool absurd = stamps.chance(options.absurd_stamps_percent, 100);
    const auto which = stamps.next();
    const bool has_stamps =
        options.library || options.producer.produce_version_max >= kafka::produce_with_timestamps;
    auto keys = world_.draws(draw_stream::workload).split("keys").split(sent.token);
    for (const auto size : planned.value_bytes) {
        const auto number = sent.first_record + batch.records.size();
        const auto usual = of.host->host().clock().wall_now();
        const auto stamp = absurd ? absurd_stamp(which, number, usual) : usual;
        const auto& record = batch.records.emplace_back(
            options.keys > 0
                ? keyed_record(options, keys, {number, size, has_stamps ? stamp : no_timestamp}, sent)
                : make_record(number, size, has_stamps ? stamp : no_timestamp));
        sent.contents.push_back(content_of(record));
        sent.stamps.push_back(has_stamps ? record.timestamp : no_timestamp);
        contents_.push_back({content_without_stamp(record), sent.contents.back()});
    }
    ++of.unfinished;
    history_.on_sent(std::move(sent));
    if (options.library)
        return send_by_library(of, std::move(batch));
    of.host->send(0, client::send_batch{std::move(batch)});
}

client::outgoing_record produce_consume::keyed_record(const load_options& options, runtime::random& draws,
                                                      const record_shape& shape, sent_batch& sent) {
    const auto key = draws.below(options.keys);
    if (draws.chance(options.tombstones_percent, 100)) {
        auto record = make_tombstone(key, shape.stamp);
        // A second one of the same moment could not be told from the first.
        if (tombstones_.emplace(content_of(record), shape.number).second) {
            sent.keys.push_back({key, true});
            return record;
        }
    }
    sent.keys.push_back({key, false});
    return make_keyed_record(shape.number, key, shape.size, shape.stamp);
}

produce_consume_options produce_consume::frozen() const {
    auto made = options_;
    if (!options_.sends) {
        made.sends = performed_;
        for (const auto& each : loads_)
            add_unsent(*each, *made.sends);
        std::stable_sort(made.sends->begin(), made.sends->end(),
                         [](const auto& a, const auto& b) { return a.at < b.at; });
    }
    if (!options_.attacks && !options_.hostile.kinds.none())
        made.attacks = attacked_;
    made.choices = chosen_;
    // What chance did to connections is stated; what was stated before did not come by chance.
    made.faults.harms.insert(made.faults.harms.end(), harms_.begin(), harms_.end());
    for (auto* chance : {&made.faults.network.reset_chance, &made.faults.network.half_open_chance,
                         &made.faults.network.refuse_chance, &made.faults.network.hang_chance,
                         &made.faults.network.mute_chance, &made.faults.network.clog_chance})
        *chance = 0;
    for (auto* scheduler : {&made.broker_scheduler, &made.client_scheduler}) {
        scheduler->policy = choice_policy::as_recorded;
        scheduler->choices = nullptr;
        scheduler->recorded = nullptr;
    }
    return made;
}

/// A run that failed early has not sent everything: what it would have sent, as if every batch had its
/// result. Without that, the mended broker would look idle in the schedule.
void produce_consume::add_unsent(const load& of, std::vector<planned_send>& to) const {
    auto draws = of.draws;
    for (auto at = of.next_at; at < options_.progress_due; at = at + drawn_interval(*of.options, draws))
        to.push_back(drawn_send(of, draws, at));
}

} // namespace barnabas::sim
