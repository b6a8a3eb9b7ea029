#pragma once

#include "actors/broker/checkpoint_messages.hpp"

#include <caf/actor.hpp>

#include <utility>

namespace barnabas {

/// The partition's end of the checkpoints of its data directory. Their owner hears of the first change, and
/// of more when it asks: one message each time that files are written, however much is appended.
class checkpoint_link {
public:
    checkpoint_link(caf::actor owner, partition_name where)
        : owner_(std::move(owner)), where_(std::move(where)) {}

    /// Answered by `marks_forgotten`.
    template <class Self>
    void forget(Self* self) {
        self->send(owner_, forget_marks{0, where_});
    }
    /// Answered by `log_start_kept`.
    template <class Self>
    void keep(Self* self, log_offset start) {
        self->send(owner_, keep_log_start{0, where_, start});
    }
    void knows(const checkpointed_offsets& offsets) {
        told_ = offsets;
        told_.own_recovery_point = log_offset(-1);
    }
    void asked() { silent_ = false; }
    template <class Self, class Marks>
    void moved(Self* self, const Marks& marks) {
        if (silent_)
            return;
        const checkpointed_offsets now = marks();
        if (now == told_)
            return;
        told_ = now;
        silent_ = true;
        self->send(owner_, partition_marks{where_, now, false, false});
    }
    template <class Self>
    void end(Self* self, const checkpointed_offsets& last, bool removed) {
        self->send(owner_, partition_marks{where_, last, true, removed});
    }
    void let_go() { owner_ = nullptr; }
    const partition_name& where() const { return where_; }

private:
    caf::actor owner_;
    partition_name where_;
    /// The owner has been told, and will ask for more; what it knows.
    bool silent_ = false;
    checkpointed_offsets told_;
};

} // namespace barnabas
