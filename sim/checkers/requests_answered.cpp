#include "sim/checkers/checkers.hpp"

#include <algorithm>
#include <deque>
#include <map>

namespace barnabas::sim {

namespace {

class requests_answered final : public checker {
public:
    requests_answered(const history& of, const node_limits& limits) : checker(of), limits_(limits) {}
    const char* name() const override { return "requests_answered"; }

    void on_request_begun(const request_begun& event) override {
        auto& open = open_[event.on];
        // Answers leave in order, so none is due before the one ahead of it.
        const auto ahead = open.empty() ? std::int64_t{0} : open.back().due;
        open.push_back({event.number, event.key, event.when.worked_ns,
                        std::max(ahead, event.when.worked_ns + limits_.request_without_timeout_ns +
                                            limits_.answer_grace_ns)});
    }

    void on_request_may_wait(const request_may_wait& event) override {
        auto& open = open_[event.on];
        std::int64_t ahead = 0;
        for (auto& each : open) {
            // The first is the client's; later ones are the broker's own patience, which may not exceed it.
            const bool clients = each.number == event.number && !each.has_timeout;
            each.has_timeout = each.has_timeout || clients;
            if (clients)
                each.due = std::max(ahead, each.begun + event.at_most_ns + limits_.answer_grace_ns);
            ahead = each.due;
        }
    }

    void on_request_answered(const request_answered& event) override {
        auto& open = open_[event.on];
        const auto at = std::find_if(open.begin(), open.end(),
                                     [&](const open_request& each) { return each.number == event.number; });
        if (at == open.end())
            return violated("request " + std::to_string(event.number) + " of connection " +
                            std::to_string(event.on.number) + " was answered twice, or never asked");
        look(event.on, *at, event.when.worked_ns);
        open.erase(at);
    }

    void on_connection_closed(const connection_id& event) override { open_.erase(event); }
    void on_life_ended(std::uint64_t) override { open_.clear(); }

    void on_reading(const node_reading& reading) override {
        for (const auto& [on, open] : open_) {
            if (!open.empty())
                look(on, open.front(), reading.when.worked_ns);
        }
    }

private:
    struct open_request {
        std::uint64_t number = 0;
        kafka::api_key key = kafka::api_key::api_versions;
        std::int64_t begun = 0;
        std::int64_t due = 0;
        bool has_timeout = false;
    };

    void look(const connection_id& on, const open_request& open, std::int64_t now) {
        if (now > open.due)
            violated("request " + std::to_string(open.number) + " (api " +
                     std::to_string(static_cast<int>(open.key)) + ") of connection " +
                     std::to_string(on.number) + " in life " + std::to_string(on.life) +
                     " had no answer after " + std::to_string((now - open.begun) / millisecond) +
                     " ms of work; it was due " + std::to_string((now - open.due) / millisecond) +
                     " ms earlier");
    }

    node_limits limits_;
    std::map<connection_id, std::deque<open_request>> open_;
};

} // namespace

std::unique_ptr<checker> make_requests_answered(const history& of, const node_limits& limits) {
    return std::make_unique<requests_answered>(of, limits);
}

} // namespace barnabas::sim
