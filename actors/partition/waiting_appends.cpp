#include "actors/partition/waiting_appends.hpp"

#include "protocol/model/assert.hpp"
#include "protocol/model/mark.hpp"

namespace barnabas {

namespace {

void take_reached(lean_deque<waiting_appends::waiter>& waiting, log_offset mark,
                  std::vector<waiting_appends::waiter>& out) {
    while (!waiting.empty() && waiting.front().end <= mark) {
        out.push_back(std::move(waiting.front()));
        waiting.pop_front();
    }
}

void take_from(lean_deque<waiting_appends::waiter>& waiting, log_offset from,
               std::vector<waiting_appends::waiter>& out) {
    lean_deque<waiting_appends::waiter> kept;
    for (auto& one : waiting)
        (one.end > from ? out.emplace_back() : kept.emplace_back()) = std::move(one);
    waiting = std::move(kept);
}

} // namespace

void waiting_appends::add(append_promise promise, waiter one) {
    auto& waiting = promise == append_promise::stable ? stable_ : written_;
    // A repeated batch waits for the offset that it got the first time, which may lie below the newest.
    auto place = waiting.end();
    while (place != waiting.begin() && one.end < std::prev(place)->end) {
        BARNABAS_MARK(append_waits_before_newer);
        --place;
    }
    waiting.insert(place, std::move(one));
}

std::vector<waiting_appends::waiter> waiting_appends::reached(log_offset written, log_offset stable) {
    BARNABAS_ASSERT(stable <= written);
    std::vector<waiter> out;
    take_reached(written_, written, out);
    take_reached(stable_, stable, out);
    return out;
}

std::vector<waiting_appends::waiter> waiting_appends::failed_from(log_offset from) {
    std::vector<waiter> out;
    take_from(written_, from, out);
    take_from(stable_, from, out);
    return out;
}

} // namespace barnabas
