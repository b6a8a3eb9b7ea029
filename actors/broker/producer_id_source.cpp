#include "actors/broker/producer_id_source.hpp"

#include "actors/broker/limits.hpp"
#include "protocol/model/assert.hpp"

namespace barnabas {

namespace {

init_producer_id_response refusal(errc code) {
    init_producer_id_response answer;
    answer.code = code;
    return answer;
}

} // namespace

void producer_id_source::on_request(std::uint64_t number, effects& out) {
    if (waiting_.size() >= broker_limits::waiting_producers_max) {
        out.answers.emplace_back(number, refusal(errc::coordinator_load_in_progress));
        return;
    }
    waiting_.push_back(number);
    serve(out);
    ask_if_low(out);
}

void producer_id_source::on_block(const allocate_producer_ids_response& block, effects& out) {
    BARNABAS_ASSERT(asked_);
    asked_ = false;
    if (block.code != errc::ok) {
        // Clients try again; the next request asks again.
        for (auto number : std::exchange(waiting_, {}))
            out.answers.emplace_back(number, refusal(errc::coordinator_not_available));
        return;
    }
    BARNABAS_ASSERT(block.count > 0 && spare_first_ == spare_end_);
    spare_first_ = block.first.get();
    spare_end_ = spare_first_ + block.count;
    serve(out);
    ask_if_low(out);
}

void producer_id_source::serve(effects& out) {
    while (!waiting_.empty()) {
        if (next_ == end_) {
            next_ = std::exchange(spare_first_, 0);
            end_ = std::exchange(spare_end_, 0);
        }
        if (next_ == end_)
            return;
        init_producer_id_response answer;
        answer.id = producer_id(next_++);
        answer.epoch = producer_epoch(0);
        out.answers.emplace_back(waiting_.front(), answer);
        waiting_.pop_front();
    }
}

void producer_id_source::ask_if_low(effects& out) {
    const auto left = (end_ - next_) + (spare_end_ - spare_first_);
    if (asked_ || spare_first_ != spare_end_ || (left > broker_limits::producer_ids_low && waiting_.empty()))
        return;
    asked_ = true;
    out.ask = true;
}

} // namespace barnabas
