// The coordinator of one partition of `__consumer_offsets`, without sockets: how long its log takes to load,
// and what its members cost.
//
//   group_bench load DIR [offsets=1000000] [records of a batch=10]
//   group_bench members [groups=10000] [members=3]
//   group_bench join [members=1000] [partitions=10000]: of the consumer protocol

#include "actors/group/coordinator.hpp"
#include "actors/group/limits.hpp"
#include "protocol/kafka/consumer_protocol.hpp"
#include "runtime/disk/posix_files.hpp"
#include "tests/bench/bench_log.hpp"

#include <malloc.h>

#include <map>
#include <memory>
#include <string_view>

namespace {

using namespace barnabas;
using namespace barnabas::group;
using replica::fail;
using replica::stopwatch;

constexpr std::size_t partitions_of_group = 100;
constexpr monotonic_ns start_time(1'000'000'000);
constexpr timestamp_ms start_date(replica::written_at);

std::size_t number_in(int count, char** words, int at, std::size_t otherwise) {
    return at < count ? static_cast<std::size_t>(std::strtoull(words[at], nullptr, 10)) : otherwise;
}

/// Bytes that the heap gave out.
double heap_bytes() {
    return static_cast<double>(mallinfo2().uordblks);
}

// ---- load

group_record offset_number(std::size_t number) {
    offset_record record;
    record.group = "group-" + std::to_string(number / partitions_of_group);
    record.topic = "a-topic-of-usual-length";
    record.partition = partition_index(static_cast<std::int32_t>(number % partitions_of_group));
    committed_offset value;
    value.offset = log_offset(static_cast<std::int64_t>(number));
    value.committed_at = start_date;
    record.value = std::move(value);
    return record;
}

void fill(replica::bench_log& log, std::size_t offsets, std::size_t batch_records) {
    for (std::size_t at = 0; at < offsets;) {
        batch::batch_builder builder;
        for (std::size_t i = 0; i < batch_records && at < offsets; ++i, ++at) {
            const auto encoded = encode(offset_number(at));
            builder.append(start_date, std::span<const std::byte>(encoded.key),
                           std::span<const std::byte>(*encoded.value));
        }
        log.append(builder.build());
    }
    log.sync();
}

/// As the coordinator's actor does it, but for the messages.
std::size_t load(replica::replica_log& log, runtime::file_system& files, coordinator& target) {
    std::size_t reads = 0;
    for (auto next = log.log_start_offset(); next < log.log_end_offset(); ++reads) {
        auto job = log.read(next, group_limits::load_bytes, log.stable_offset(), true);
        if (!job)
            fail(to_string(job.failure()));
        job->run(files);
        log.on_read(*job);
        if (!job->records)
            fail(to_string(job->records.failure()));
        auto batches = batch::split_batches(*job->records);
        if (!batches)
            fail(to_string(batches.failure()));
        for (const auto& one : *batches) {
            if (auto replayed = target.replay(one, nullptr); !replayed)
                fail(to_string(replayed.failure()));
            next = one.header.next_offset();
        }
    }
    return reads;
}

void bench_load(const std::string& directory, std::size_t offsets, std::size_t batch_records) {
    runtime::posix_files files;
    replica::bench_log log(files, directory + "/__consumer_offsets-0");
    fill(log, offsets, batch_records);
    const group_options options;
    coordinator target(options, runtime::random(1), std::make_shared<const metadata_image>());
    const double before = heap_bytes();
    const stopwatch watch;
    const auto reads = load(*log.log, files, target);
    const double seconds = watch.seconds();
    std::printf(
        "%zu offsets of %zu groups, %zu records a batch, %.1f MB of log: loaded in %.2f s (%.2f s of the "
        "processor), %zu reads, %.0f bytes of memory an offset\n",
        target.offset_count(), target.group_count(), batch_records,
        static_cast<double>(log.log->total_bytes()) / 1e6, seconds, watch.processor_seconds(), reads,
        (heap_bytes() - before) / static_cast<double>(offsets));
}

// ---- members

class played_members {
public:
    played_members(std::size_t groups, std::size_t members)
        : groups_(groups), members_(members),
          machine_(options_, runtime::random(1), std::make_shared<const metadata_image>()) {}

    void join() {
        for (std::size_t g = 0; g < groups_; ++g)
            for (std::size_t i = 0; i < members_; ++i)
                send_join(g, {});
        // The first wait is followed by another, since members came in it.
        for (int waits = 0; waits < 2; ++waits) {
            now_ = later(now_, options_.initial_rebalance_delay);
            run([&](turn& turn) { machine_.on_time(turn); });
        }
        if (ids_.size() != groups_ * members_)
            fail("not all members have joined");
    }
    void beat_all() {
        for (const auto& [id, g] : ids_)
            ask(name_of(g), heartbeat_request{{id, {}}, generation_id(1)});
    }
    std::size_t metadata_bytes() const { return metadata_bytes_; }
    /// Of what is remembered here, and not by the coordinator.
    double own_bytes() {
        tickets_.clear();
        const double before = heap_bytes();
        const auto copy = ids_;
        return heap_bytes() - before;
    }

private:
    static std::string name_of(std::size_t group) { return "group-" + std::to_string(group); }

    template <class Step>
    void run(const Step& step) {
        effects out;
        turn turn{now_, start_date, out};
        step(turn);
        for (const auto& answer : out.answers)
            if (const auto* joined = std::get_if<join_response>(&answer.body))
                on_joined(tickets_.at(answer.ticket), *joined);
            else if (const auto* beat = std::get_if<heartbeat_response>(&answer.body);
                     beat != nullptr && beat->code != errc::ok)
                fail("a heartbeat was refused");
    }
    request_ticket ask(const std::string& group, request_body body) {
        const auto ticket = ++last_ticket_;
        run([&](turn& turn) { machine_.on_request({0, group, std::move(body)}, ticket, turn); });
        return ticket;
    }
    void send_join(std::size_t group, const std::string& id) {
        join_request request;
        request.client = {"a-client", "/127.0.0.1"};
        request.who.member_id = id;
        request.session_timeout = std::chrono::milliseconds(45'000);
        request.rebalance_timeout = std::chrono::milliseconds(300'000);
        request.protocol_type = "consumer";
        request.protocols = {{"range", subscription()}};
        metadata_bytes_ += request.protocols[0].metadata.size();
        tickets_[last_ticket_ + 1] = group;
        ask(name_of(group), std::move(request));
    }
    void on_joined(std::size_t group, const join_response& joined) {
        if (joined.code != errc::ok)
            fail("a member was refused");
        ids_[joined.member_id] = group;
        sync_request request{{joined.member_id, {}}, joined.generation, {}, {}, {}};
        for (const auto& other : joined.members)
            request.assignments.push_back({other.who.member_id, subscription()});
        ask(name_of(group), std::move(request));
    }
    static slice subscription() {
        kafka::consumer_protocol_subscription wanted;
        wanted.topics = {"a-topic-of-usual-length"};
        kafka::wire_writer out;
        out.int16(0);
        wanted.encode(out, 0);
        return out.finish_contiguous();
    }

    const std::size_t groups_;
    const std::size_t members_;
    group_options options_;
    coordinator machine_;
    monotonic_ns now_ = start_time;
    request_ticket last_ticket_ = 0;
    std::map<request_ticket, std::size_t> tickets_;
    std::map<std::string, std::size_t> ids_;
    std::size_t metadata_bytes_ = 0;
};

void bench_members(std::size_t groups, std::size_t members) {
    const auto all = static_cast<double>(groups * members);
    const double before = heap_bytes();
    played_members played(groups, members);
    played.join();
    const double own = played.own_bytes();
    const double each = (heap_bytes() - before - own) / all;
    std::printf(
        "%.0f members of %zu groups: %.0f bytes of memory a member with its metadata and assignment of %.0f "
        "bytes\n",
        all, groups, each, 2 * static_cast<double>(played.metadata_bytes()) / all);
    constexpr int rounds = 20;
    const stopwatch watch;
    for (int i = 0; i < rounds; ++i)
        played.beat_all();
    std::printf("heartbeat in the coordinator alone: %.0f ns of the processor\n",
                watch.processor_seconds() / rounds / all * 1e9);
}

// ---- join

/// A group of the consumer protocol whose members all want all topics.
class played_consumers {
public:
    played_consumers(std::size_t topics, std::size_t partitions, bool by_pattern)
        : machine_(options_, runtime::random(1), std::make_shared<const metadata_image>()),
          by_pattern_(by_pattern) {
        auto next = std::make_shared<metadata_image>();
        next->applied = log_offset(1);
        for (std::size_t i = 0; i < topics; ++i) {
            const auto name = "a-topic-of-usual-length-" + std::to_string(10'000 + i);
            auto& topic = next->topics[name];
            topic.name = name;
            for (std::size_t byte = 0, bits = i + 1; byte < 8; ++byte, bits >>= 8)
                topic.id.bytes[byte] = static_cast<std::uint8_t>(bits);
            topic.partitions.resize(partitions / topics);
            next->topic_names[topic.id] = name;
            names_.push_back(name);
        }
        image_ = std::move(next);
    }
    /// Cheaply: the topics come when all are there.
    void gather(std::size_t members) {
        for (std::size_t i = 0; i < members; ++i)
            join(i);
        machine_.on_topics(image_);
        now_ = later(now_, group_limits::pattern_refresh_wait);
        join(members);
    }
    std::size_t join(std::size_t number) {
        consumer_heartbeat_request request;
        request.client = {"a-client", "/127.0.0.1"};
        request.who.member_id = "member-" + std::to_string(number);
        request.names_itself = true;
        request.rebalance_timeout = std::chrono::milliseconds(300'000);
        if (by_pattern_)
            request.pattern = "a-topic-.*";
        else
            request.topics = names_;
        request.owned = partitions_by_topic{};
        effects out;
        turn turn{now_, start_date, out};
        machine_.on_request({0, "group", std::move(request)}, 1, turn);
        if (std::get<consumer_heartbeat_response>(out.answers.at(0).body).code != errc::ok)
            fail("a member was refused");
        return out.records.size();
    }

private:
    group_options options_;
    coordinator machine_;
    const bool by_pattern_;
    monotonic_ns now_ = start_time;
    metadata_image_ptr image_;
    std::vector<std::string> names_;
};

void bench_join(std::size_t members, std::size_t partitions) {
    constexpr std::size_t rounds = 10;
    for (const bool by_pattern : {false, true})
        for (const std::size_t topics : {1, 100, 1'000}) {
            played_consumers played(topics, partitions, by_pattern);
            played.gather(members);
            std::size_t records = 0;
            const stopwatch watch;
            for (std::size_t i = 1; i <= rounds; ++i)
                records += played.join(members + i);
            std::printf("%zu members, %zu partitions in %4zu topics, by %s: a join takes %.1f ms of the "
                        "processor, and %zu records\n",
                        members, partitions, topics, by_pattern ? "pattern" : "name",
                        watch.processor_seconds() / rounds * 1e3, records / rounds);
        }
}

} // namespace

int main(int count, char** words) {
    const std::string_view mode = count > 1 ? words[1] : "";
    if (mode == "load" && count > 2)
        bench_load(words[2], number_in(count, words, 3, 1'000'000), number_in(count, words, 4, 10));
    else if (mode == "members")
        bench_members(number_in(count, words, 2, 10'000), number_in(count, words, 3, 3));
    else if (mode == "join")
        bench_join(number_in(count, words, 2, 1'000), number_in(count, words, 3, 10'000));
    else
        fail("usage: group_bench load DIR [offsets] [records of a batch] | members [groups] [members] | "
             "join [members] [partitions]");
}
