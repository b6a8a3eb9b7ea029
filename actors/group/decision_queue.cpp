#include "actors/group/decision_queue.hpp"

#include "actors/group/limits.hpp"
#include "protocol/batch/builder.hpp"
#include "protocol/model/assert.hpp"

#include <span>
#include <utility>

namespace barnabas::group {

std::optional<decision_queue::refusal> decision_queue::take(const effects& from, std::size_t bytes_max) {
    std::vector<decision> taken;
    std::size_t at = 0;
    for (const auto end : from.decision_ends) {
        auto& one = taken.emplace_back();
        one.records.reserve(end - at);
        for (; at < end; ++at) {
            auto& record = one.records.emplace_back(encode(from.records[at]));
            one.bytes += group_limits::framing_bytes + record.key.size();
            one.bytes += record.value ? record.value->size() : 0;
        }
        if (one.bytes > bytes_max)
            return refusal{end - one.records.size(), one.records.size()};
    }
    BARNABAS_ASSERT(at == from.records.size());
    decided_ += taken.size();
    for (auto& one : taken)
        waiting_.push_back(std::move(one));
    return std::nullopt;
}

std::optional<slice> decision_queue::next_batch(timestamp_ms now, std::size_t bytes_max) {
    if (in_flight_ != 0 || waiting_.empty())
        return std::nullopt;
    batch::batch_builder builder;
    std::size_t bytes = 0;
    for (const auto& one : waiting_) {
        bytes += one.bytes;
        if (in_flight_ != 0 && bytes > bytes_max)
            break;
        ++in_flight_;
        for (const auto& record : one.records)
            builder.append(now, std::span<const std::byte>(record.key),
                           record.value ? batch::optional_bytes(std::span<const std::byte>(*record.value))
                                        : std::nullopt);
    }
    return builder.build();
}

void decision_queue::on_committed() {
    committed_ += in_flight_;
    waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(in_flight_));
    in_flight_ = 0;
}

void decision_queue::clear() {
    *this = decision_queue();
}

} // namespace barnabas::group
