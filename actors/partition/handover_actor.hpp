#pragma once

#include "actors/partition/handover_messages.hpp"
#include "actors/partition/log_size_messages.hpp"
#include "actors/partition/partition_messages.hpp"

#include <caf/actor.hpp>
#include <caf/actor_cast.hpp>
#include <caf/behavior.hpp>
#include <caf/message_handler.hpp>
#include <caf/result.hpp>
#include <caf/send.hpp>
#include <caf/skip.hpp>

namespace barnabas {

/// From the broker, after `partition_handed_over`: the partition goes on in `next`, which gets all that was
/// kept and all that still comes; null: it does not go on, and everything is refused.
struct pass_on_partition {
    caf::actor next;
};

/// From the broker to the actor that clients ask: `by`, to which it sends on, has passed the partition on to
/// `next`, and is not needed any more.
struct shorten_way {
    caf::actor by;
    caf::actor next;
};
/// From that one to `by`, behind all that it has sent there. Answered by `way_is_clear` when all that is with
/// `next`; then `by` ends.
struct last_question {};
struct way_is_clear {};
/// From the broker to an actor that sends on: the partition is closed for good. Timers of the log that was
/// there would keep it for as long as they take.
struct end_of_way {};

/// The end of a partition's actor whose log goes to another directory. Nobody notices but by the time that it
/// takes: from `begin` on questions stay in the mailbox, while the log's last jobs come back; after the end
/// of the log the new actor gets them, in their order, as if their senders had asked it; what comes later
/// from senders that do not know of it yet is sent on as well. However often a partition moves, a question
/// goes over one actor more:
///   1. The first actor, which clients ask, sends on to the second. The log moves from there to a third: the
///   second sends on what it kept, and the first one hears of it by `shorten_way`.
///   2. The first one tells the second `last_question`, and keeps what comes from now on.
///   3. The second has sent on all before; it answers `way_is_clear` and ends.
///   4. The first one sends on to the third what it kept, and what comes. Nothing has overtaken anything.
class handover {
    template <class Question>
    static auto keep() {
        return [](const Question&) -> caf::result<void> { return caf::skip; };
    }

    template <class Self>
    static caf::behavior passing_on(Self* self, const caf::actor& next) {
        return {pass<append_request>(self, next),
                pass<read_request>(self, next),
                pass<forget_reader>(self, next),
                pass<offset_query>(self, next),
                pass<epoch_query>(self, next),
                pass<delete_records_request>(self, next),
                pass<log_size_query>(self, next),
                pass<producers_query>(self, next),
                [self](const end_of_way&) { self->quit(); },
                [self](const shorten_way& message) {
                    self->send(message.by, last_question{});
                    self->become(until_clear(self, message.next));
                },
                [self](const last_question&) {
                    self->send(caf::actor_cast<caf::actor>(self->current_sender()), way_is_clear{});
                    self->quit();
                }};
    }
    template <class Self>
    static caf::behavior until_clear(Self* self, const caf::actor& next) {
        return keep_questions().or_else(
            [self, next](const way_is_clear&) { self->become(passing_on(self, next)); });
    }
    template <class Question, class Self>
    static auto pass(Self* self, const caf::actor& next) {
        return [self, next](const Question& question) {
            caf::send_as(caf::actor_cast<caf::actor>(self->current_sender()), next, question);
        };
    }

    template <class Self>
    static caf::behavior refusing(Self* self) {
        constexpr std::int16_t no_acks = 0;
        return {[self](const end_of_way&) { self->quit(); },
                [self](const append_request& question) {
                    if (question.acks != no_acks)
                        refuse<append_response>(self, question.token);
                },
                [self](const read_request& question) { refuse<read_response>(self, question.token); },
                [self](const offset_query& question) { refuse<offset_query_response>(self, question.token); },
                [self](const epoch_query& question) { refuse<epoch_query_response>(self, question.token); },
                [self](const producers_query& question) { refuse<producers_response>(self, question.token); },
                [self](const delete_records_request& question) {
                    refuse<delete_records_response>(self, question.token);
                }};
    }
    template <class Response, class Self>
    static void refuse(Self* self, std::uint64_t token) {
        auto response = Response::dropped(token);
        response.code = errc::not_leader_or_follower;
        self->send(caf::actor_cast<caf::actor>(self->current_sender()), std::move(response));
    }

public:
    void begin() { begun_ = true; }
    bool begun() const { return begun_; }

    /// Before all other handlers while the log closes.
    static caf::message_handler keep_questions() {
        return {keep<append_request>(), keep<read_request>(),           keep<forget_reader>(),
                keep<offset_query>(),   keep<delete_records_request>(), keep<epoch_query>(),
                keep<log_size_query>(), keep<producers_query>()};
    }

    /// When the log is closed. All other messages stay in the mailbox as well, until the actor goes; what
    /// comes for the log that was here, such as its timers, stays there for good. (To drop it with CAF's own
    /// handler would send an error to whoever sent it, and end that one.)
    template <class Self>
    static caf::behavior parked(Self* self) {
        return {[self](const pass_on_partition& message) {
            if (message.next)
                self->become(passing_on(self, message.next));
            else
                self->become(refusing(self));
        }};
    }

private:
    bool begun_ = false;
};

} // namespace barnabas

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::pass_on_partition)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::shorten_way)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::last_question)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::way_is_clear)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(barnabas::end_of_way)
