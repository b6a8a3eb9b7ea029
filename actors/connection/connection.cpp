#include "actors/connection/connection.hpp"

#include "actors/connection/connection_tap.hpp"
#include "actors/connection/dispatch.hpp"
#include "actors/connection/limits.hpp"
#include "protocol/model/assert.hpp"
#include "protocol/model/mark.hpp"
#include "runtime/memory/reserve.hpp"

#include <algorithm>
#include <limits>

namespace barnabas {

namespace limits = connection_limits;

namespace {

kafka::api_key key_of(const slice& frame) {
    BARNABAS_ASSERT(frame.size() >= limits::frame_bytes_min);
    const auto* bytes = frame.data();
    return static_cast<kafka::api_key>((std::to_integer<int>(bytes[0]) << 8) |
                                       std::to_integer<int>(bytes[1]));
}

} // namespace

connection::connection(connection_options options, connection_port& port)
    : options_(std::move(options)), port_(port),
      frames_(static_cast<std::size_t>(options_.config->socket_request_max_bytes), *options_.input),
      reads_(port, options_.planted), sessions_(options_.number) {}

connection::~connection() = default;

void connection::start() {
    if (options_.tap != nullptr)
        options_.tap->connection_opened(options_.number);
    last_bytes_at_ = port_.now();
    arm_for(idle_deadline());
    want_bytes();
}

void connection::want_bytes() {
    if (closed_ || reading_ || waiting_for_room_ || waiting_frames_.size() >= limits::waiting_frames_max)
        return;
    if (BARNABAS_MARK_IF(port_.unsent_bytes() > limits::unsent_bytes_high, reading_stops_for_slow_reader))
        return;
    auto wanted = frames_.next_read();
    if (BARNABAS_MARK_IF(!wanted, input_memory_is_short)) {
        waiting_for_room_ = true;
        arm_for(port_.now() + limits::stuck_check_ns);
        port_.wait_for_room();
        return;
    }
    reading_ = true;
    port_.read(std::move(wanted->into), wanted->at, wanted->max);
}

void connection::on_read(const runtime::read_completion& bytes) {
    if (closed_)
        return;
    BARNABAS_ASSERT(reading_);
    reading_ = false;
    last_bytes_at_ = port_.now();
    if (bytes.count == 0) {
        const std::string half = !BARNABAS_MARK_IF(frames_.partial_bytes() != 0, half_request_then_closed)
                                     ? ""
                                     : " in the middle of a request (" +
                                           std::to_string(frames_.partial_bytes()) + " bytes of it arrived)";
        fail({errc::closed, "the client closed the connection" + half});
        return;
    }
    const bool was_between_frames = frames_.partial_bytes() == 0;
    auto understood = frames_.on_read(bytes, arrived_);
    if (was_between_frames || !arrived_.empty())
        frame_begun_at_ = last_bytes_at_;
    if (frames_.partial_bytes() > 0)
        arm_for(last_bytes_at_ + limits::stuck_check_ns);
    for (auto& frame : arrived_)
        waiting_frames_.push_back({std::move(frame), last_bytes_at_});
    arrived_.clear();
    handle_waiting_frames();
    if (BARNABAS_MARK_IF(!understood, frame_refused)) {
        fail(understood.failure());
        return;
    }
    want_bytes();
}

void connection::on_room() {
    waiting_for_room_ = false;
    last_bytes_at_ = port_.now();
    want_bytes();
}

void connection::on_drained() {
    handle_waiting_frames();
    want_bytes();
}

bool connection::may_start(const slice& frame) const {
    if (in_flight_.empty())
        return port_.unsent_bytes() <= limits::unsent_bytes_high;
    // Only Produce overtakes waiting Produce: its batches enter their partitions behind the earlier ones'.
    return key_of(frame) == kafka::api_key::produce && in_flight_.size() < limits::produces_in_flight_max &&
           std::all_of(in_flight_.begin(), in_flight_.end(),
                       [](const in_flight& one) { return one.facts.key == kafka::api_key::produce; });
}

void connection::handle_waiting_frames() {
    if (handling_)
        return;
    handling_ = true;
    while (!closed_ && !waiting_frames_.empty() && may_start(waiting_frames_.front().bytes)) {
        waiting_frame frame = std::move(waiting_frames_.front());
        waiting_frames_.pop_front();
        handle(std::move(frame));
    }
    handling_ = false;
    tell_waiting_frames();
}

/// Most requests have their turn at once, and nothing is told.
void connection::tell_waiting_frames() {
    if (told_waiting_frames_ == waiting_frames_.size())
        return;
    told_waiting_frames_ = waiting_frames_.size();
    port_.requests_wait(told_waiting_frames_);
}

void connection::handle(waiting_frame frame) {
    const std::size_t size = frame.bytes.size();
    const std::uint64_t number = next_number_++;
    request_context context;
    context.listener = options_.listener;
    context.received_at = port_.now();
    kafka::wire_reader reader(std::move(frame.bytes));
    auto header = read_request_header(reader, context);
    finished_request facts;
    facts.key = context.key;
    facts.version = context.version;
    facts.arrived_at = frame.arrived_at;
    facts.begun_at = context.received_at;
    facts.request_bytes = size;
    in_flight_.push_back({number, facts, false, {}, nullptr, std::nullopt});
    if (options_.tap != nullptr)
        options_.tap->request_begun({options_.number, number}, context.key, port_.unsent_bytes());
    auto dispatched = header ? dispatch(*this, std::move(context), reader) : std::move(header);
    if (!dispatched)
        fail(dispatched.failure());
}

operation& connection::park(std::unique_ptr<operation> waiting) {
    auto* slot = find(waiting->number());
    BARNABAS_ASSERT(slot != nullptr && slot->waiting == nullptr && !slot->answered);
    slot->waiting = std::move(waiting);
    slot->facts.parked_at = port_.now();
    return *slot->waiting;
}

operation& connection::park(std::unique_ptr<operation> waiting, std::chrono::milliseconds patience) {
    operation& parked = park(std::move(waiting));
    set_deadline(parked.number(), patience);
    return parked;
}

void connection::answer(std::uint64_t number, std::vector<slice> frame) {
    auto* slot = find(number);
    BARNABAS_ASSERT(slot != nullptr && !slot->answered);
    slot->answered = true;
    const auto now = port_.now();
    slot->facts.answered_at = now;
    if (slot->waiting == nullptr)
        slot->facts.parked_at = now;
    slot->frame = std::move(frame);
    if (options_.planted.answers_overtake && !slot->frame.empty())
        port_.write(std::exchange(slot->frame, {}));
    send_answered(now);
}

void connection::answer_nothing(std::uint64_t number) {
    answer(number, {});
}

void connection::send_answered(monotonic_ns now) {
    if (closed_)
        return;
    while (!in_flight_.empty() && in_flight_.front().answered) {
        // Moved out first: writing may close the connection.
        in_flight done = std::move(in_flight_.front());
        in_flight_.pop_front();
        const auto answer_bytes = total_size(done.frame);
        done.facts.sent_at = now;
        done.facts.response_bytes = answer_bytes;
        port_.finished(done.facts);
        if (!done.frame.empty())
            port_.write(std::move(done.frame));
        if (options_.tap != nullptr)
            options_.tap->request_answered({options_.number, done.number}, answer_bytes,
                                           closed_ ? 0 : port_.unsent_bytes());
    }
    if (!closed_ && port_.unsent_bytes() >= limits::stuck_bytes_min)
        arm_for(port_.now() + limits::stuck_check_ns);
    handle_waiting_frames();
    want_bytes();
}

void connection::fail(const error& why) {
    if (closed_)
        return;
    closed_ = true;
    if (options_.tap != nullptr)
        options_.tap->connection_closed(options_.number);
    waiting_frames_.clear();
    tell_waiting_frames();
    reads_.forget_all();
    port_.close(why);
}

void connection::release() {
    closed_ = true;
    // Before the operations go: their end would tell partitions, in the name of an actor that is over.
    reads_.abandon();
    frames_.forget();
    waiting_frames_.clear();
    in_flight_.clear();
}

void connection::on_stop() {
    BARNABAS_MARK(connection_stopped);
    fail({errc::closed, "the broker is stopping"});
}

connection::in_flight* connection::find(std::uint64_t number) {
    if (in_flight_.empty() || number < in_flight_.front().number || number > in_flight_.back().number)
        return nullptr;
    // Numbers are consecutive.
    return &in_flight_[number - in_flight_.front().number];
}

operation* connection::find_operation(std::uint64_t token) {
    if (closed_)
        return nullptr;
    auto* slot = find(operation::number_of(token));
    return slot == nullptr || slot->answered ? nullptr : slot->waiting.get();
}

void connection::set_deadline(std::uint64_t number, std::chrono::milliseconds from_now) {
    auto* slot = find(number);
    BARNABAS_ASSERT(slot != nullptr);
    const auto bounded = std::clamp(from_now, std::chrono::milliseconds(0), limits::deadline_max);
    slot->deadline = port_.now() + std::chrono::nanoseconds(bounded).count();
    if (options_.tap != nullptr)
        options_.tap->request_may_wait({options_.number, number}, bounded);
    if (!options_.planted.deadline_not_armed)
        arm_for(*slot->deadline);
}

void connection::arm_for(monotonic_ns deadline) {
    deadline = std::min(deadline, port_.now() + limits::timer_max_ns);
    if (!armed_.empty() && *armed_.begin() <= deadline)
        return;
    armed_.insert(deadline);
    port_.arm_timer(std::chrono::nanoseconds(std::max<std::int64_t>(0, deadline - port_.now())));
}

void connection::on_timer() {
    // Timers fire in the order of their deadlines.
    if (!armed_.empty())
        armed_.erase(armed_.begin());
    if (closed_)
        return;
    const monotonic_ns now = port_.now();
    if (BARNABAS_MARK_IF(in_flight_.empty() && !waiting_for_room_ && idle_deadline() <= now,
                         connection_idle)) {
        fail({errc::closed, "nothing was received for connections.max.idle.ms"});
        return;
    }
    if (BARNABAS_MARK_IF(sender_is_stuck(now), sender_stuck)) {
        fail({errc::request_timed_out,
              "a request of which " + std::to_string(frames_.partial_bytes()) +
                  " bytes arrived goes on too slowly, and memory for requests is short"});
        return;
    }
    if (BARNABAS_MARK_IF(reader_is_stuck(now), reader_stuck)) {
        fail({errc::request_timed_out, "the client took none of the " + std::to_string(port_.unsent_bytes()) +
                                           " bytes that wait for it, and memory for responses is short"});
        return;
    }
    std::vector<std::uint64_t> late;
    for (auto& slot : in_flight_)
        if (slot.deadline && !slot.answered && *slot.deadline <= now) {
            slot.deadline.reset();
            late.push_back(slot.number);
        }
    for (auto number : late)
        if (auto* waiting = find_operation(operation::make_token(number, 0)))
            waiting->on_timer();
    for (const auto& slot : in_flight_)
        if (slot.deadline && !slot.answered)
            arm_for(*slot.deadline);
    if (!closed_ && (port_.unsent_bytes() >= limits::stuck_bytes_min || frames_.partial_bytes() > 0))
        arm_for(now + limits::stuck_check_ns);
    if (!closed_)
        arm_for(std::max(idle_deadline(), now + limits::idle_check_ns));
}

/// Half a request that does not go on must not hold memory that others wait for.
bool connection::sender_is_stuck(monotonic_ns now) const {
    const auto& input = *options_.input;
    const auto bytes = static_cast<std::int64_t>(frames_.partial_bytes());
    return bytes > 0 && input.in_use() > input.capacity() / 2 &&
           now - frame_begun_at_ > limits::slow_frame_ns + bytes * limits::slow_byte_ns;
}

bool connection::reader_is_stuck(monotonic_ns now) {
    const std::size_t unsent = port_.unsent_bytes();
    if (unsent < limits::stuck_bytes_min || unsent != unsent_seen_) {
        unsent_seen_ = unsent;
        unsent_since_ = now;
        return false;
    }
    return now - unsent_since_ >= limits::stuck_max_ns && port_.output_is_short();
}

monotonic_ns connection::idle_deadline() const {
    if (config().connections_max_idle_ms < 0)
        return monotonic_ns(std::numeric_limits<std::int64_t>::max());
    return last_bytes_at_ +
           std::chrono::nanoseconds(std::chrono::milliseconds(config().connections_max_idle_ms)).count();
}

void connection::on_append_response(const append_response& answer) {
    if (auto* waiting = find_operation(answer.token))
        waiting->on_append_response(operation::index_of(answer.token), answer);
}

void connection::on_offset_query_response(const offset_query_response& answer) {
    if (auto* waiting = find_operation(answer.token))
        waiting->on_offset_query_response(operation::index_of(answer.token), answer);
}

void connection::on_epoch_query_response(const epoch_query_response& answer) {
    if (auto* waiting = find_operation(answer.token))
        waiting->on_epoch_query_response(operation::index_of(answer.token), answer);
}

void connection::on_producers_response(const producers_response& answer) {
    if (auto* waiting = find_operation(answer.token))
        waiting->on_producers_response(operation::index_of(answer.token), answer);
}

void connection::on_delete_records_response(const delete_records_response& answer) {
    if (auto* waiting = find_operation(answer.token))
        waiting->on_delete_records_response(operation::index_of(answer.token), answer);
}

void connection::on_topics_response(const topics_response& answer) {
    if (auto* waiting = find_operation(answer.token))
        waiting->on_topics_response(answer);
}

void connection::on_init_producer_id_response(const init_producer_id_response& answer) {
    if (auto* waiting = find_operation(answer.token))
        waiting->on_init_producer_id_response(answer);
}

void connection::on_log_dirs_response(const log_dirs_response& answer) {
    if (auto* waiting = find_operation(answer.token))
        waiting->on_log_dirs_response(answer);
}

void connection::on_alter_log_dirs_response(const alter_log_dirs_response& answer) {
    if (auto* waiting = find_operation(answer.token))
        waiting->on_alter_log_dirs_response(answer);
}

void connection::on_coordinator_response(const group::coordinator_response& answer) {
    if (auto* waiting = find_operation(answer.token))
        waiting->on_coordinator_response(operation::index_of(answer.token), answer);
}

void connection::on_read_response(const read_response& answer) {
    if (closed_)
        return;
    if (auto changed = reads_.on_read_response(answer))
        if (auto* waiting = find_operation(*changed))
            waiting->on_read_changed(operation::index_of(*changed));
}

void connection::on_partition_readable(const partition_readable& note) {
    if (closed_)
        return;
    if (auto changed = reads_.on_partition_readable(note))
        if (auto* waiting = find_operation(*changed))
            waiting->on_read_changed(operation::index_of(*changed));
}

} // namespace barnabas
