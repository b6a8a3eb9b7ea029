#include "actors/partition/kept_lookups.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace barnabas {

kept_lookups::lookups& kept_lookups::there() {
    if (!kept_)
        kept_ = std::make_unique<lookups>();
    return *kept_;
}

void kept_lookups::clear_up() {
    if (kept_ && kept_->reads.empty() && kept_->finds.empty() && kept_->waited.empty())
        kept_.reset();
}

void kept_lookups::keep(read one) {
    there().reads.push_back(std::move(one));
}

void kept_lookups::keep(find one) {
    there().finds.push_back(std::move(one));
}

std::vector<kept_lookups::read> kept_lookups::take_reads(const is_awaited& awaited) {
    if (!kept_)
        return {};
    auto& reads = kept_->reads;
    const auto behind = std::stable_partition(reads.begin(), reads.end(), [&](const read& one) {
        return one.waits_for && awaited(*one.waits_for);
    });
    std::vector<read> taken(std::make_move_iterator(behind), std::make_move_iterator(reads.end()));
    reads.erase(behind, reads.end());
    for (const auto& one : taken)
        if (one.waits_for)
            kept_->waited.insert(one.reply);
    clear_up();
    return taken;
}

std::vector<kept_lookups::find> kept_lookups::take_finds() {
    if (!kept_)
        return {};
    auto taken = std::exchange(kept_->finds, {});
    clear_up();
    return taken;
}

bool kept_lookups::has_waited_for_index(std::uint64_t reply) const {
    return kept_ && kept_->waited.contains(reply);
}

void kept_lookups::on_answered(std::uint64_t reply) {
    if (!kept_)
        return;
    kept_->waited.erase(reply);
    clear_up();
}

} // namespace barnabas
