#pragma once

#include "actors/broker/broker_messages.hpp"
#include "actors/controller/controller_messages.hpp"
#include "protocol/model/ids.hpp"

#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

namespace barnabas {

/// Hands out producer ids from blocks of the controller. Guarantees: an id is handed out once; the next block
/// is asked for before the present one is used up, and only one is asked for at a time.
class producer_id_source {
public:
    struct effects {
        /// Ask the controller for a block.
        bool ask = false;
        /// Answers by the number that the asker got.
        std::vector<std::pair<std::uint64_t, init_producer_id_response>> answers;
    };

    /// `number` names the asker in the answer.
    void on_request(std::uint64_t number, effects& out);
    void on_block(const allocate_producer_ids_response& block, effects& out);

    std::size_t waiting_count() const noexcept { return waiting_.size(); }

private:
    void serve(effects& out);
    void ask_if_low(effects& out);

    std::int64_t next_ = 0;
    std::int64_t end_ = 0;
    std::int64_t spare_first_ = 0;
    std::int64_t spare_end_ = 0;
    bool asked_ = false;
    std::deque<std::uint64_t> waiting_;
};

} // namespace barnabas
