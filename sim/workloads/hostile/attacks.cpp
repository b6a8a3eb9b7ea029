#include "sim/workloads/hostile/attacks.hpp"

#include "protocol/batch/big_endian.hpp"
#include "sim/workloads/hostile/requests.hpp"

#include <algorithm>
#include <limits>

namespace barnabas::sim::hostile {

namespace {

using plans = std::vector<session_plan>;
using reading = session_plan::reading;

struct attack_context {
    const hostile_options& options;
    const targets& on;
    runtime::random draws;

    /// Stays until whatever is owed must have come.
    session_plan plan(std::vector<slice> bytes, std::uint32_t answers) {
        session_plan made;
        made.bytes = std::move(bytes);
        made.answers = answers;
        made.stays_ns = answers > 0 ? options.answer_limit_ns + second : options.idle_ns;
        made.tears = draws.chance(1, 2);
        return made;
    }
    session_plan closed_by_broker(std::vector<slice> bytes) {
        auto made = plan(std::move(bytes), 1);
        made.must_close = true;
        return made;
    }
    /// The topic of these clients is made first, unless it is there.
    session_plan to_own_topic(const std::vector<slice>& batches) {
        std::vector<slice> bytes = {create_topic(0, on.own_topic)};
        for (const auto& batch : batches)
            bytes.push_back(produce(static_cast<std::int32_t>(bytes.size()), on.own_topic, batch));
        const auto answers = static_cast<std::uint32_t>(bytes.size());
        auto made = plan(std::move(bytes), answers);
        made.first_correlation = 0;
        return made;
    }
};

plans half_request(attack_context& with) {
    const auto whole = with.draws.chance(1, 2) ? metadata(1, with.on.checked_topic)
                                               : produce(1, with.on.own_topic, sound_batch(with.draws));
    const auto size = static_cast<std::size_t>(with.draws.between(1, std::ssize(whole.bytes()) - 1));
    return {with.plan({whole.sub(0, size)}, 0)};
}

plans half_request_then_close(attack_context& with) {
    auto made = half_request(with);
    made.front().stays_ns = with.draws.between(0, 10 * millisecond);
    return made;
}

plans bad_length(attack_context& with) {
    constexpr std::int32_t lengths[] = {-1, std::numeric_limits<std::int32_t>::min(), 0, 1,
                                        7,  std::numeric_limits<std::int32_t>::max()};
    const auto length = lengths[with.draws.below(std::size(lengths))];
    return {with.closed_by_broker({with_length(api_versions(1), length)})};
}

/// A produce request in which four bytes say all ones or a large number: somewhere that is a count.
plans bad_counts(attack_context& with) {
    auto bytes = slice::copy_of(produce(1, with.on.own_topic, sound_batch(with.draws)).bytes());
    const auto header = 8U;
    const auto at = header + with.draws.below(bytes.size() - header - 4);
    const auto value = with.draws.chance(1, 2) ? std::numeric_limits<std::int32_t>::max() : -2;
    batch::store_big_endian(bytes.patch_before_sharing().data() + at, value);
    return {with.plan({bytes}, 1)};
}

plans unknown_api(attack_context& with) {
    const auto key = static_cast<std::int16_t>(with.draws.between(100, 30'000));
    return {with.plan({bare_header(with.draws.chance(1, 2) ? key : std::int16_t(-key), 0, 5)}, 1)};
}

plans bad_version(attack_context& with) {
    const auto key = static_cast<std::int16_t>(with.draws.below(24));
    const auto version = with.draws.chance(1, 2) ? std::int16_t{-1} : std::int16_t{99};
    const bool versions = with.draws.chance(1, 2);
    return {with.plan({bare_header(versions ? std::int16_t{18} : key, version, 5)}, 1)};
}

/// Random bytes: what they mean, nobody knows, so that nothing is owed.
plans noise_bytes(attack_context& with) {
    const auto size = static_cast<std::size_t>(with.draws.log_between(1, 20'000));
    auto bytes = noise(with.draws, size);
    if (with.draws.chance(1, 2) && size > 12)
        bytes = with_length(bytes, static_cast<std::int32_t>(size - 4));
    return {with.plan({bytes}, 0)};
}

plans fetches(attack_context& with, reading reads) {
    std::vector<slice> bytes;
    for (std::int32_t i = 0; i < 10; ++i)
        bytes.push_back(fetch(i, with.on.checked_topic));
    auto made = with.plan(std::move(bytes), 0);
    made.reads = reads;
    made.first_correlation = 0;
    return {made};
}

plans slow_reader(attack_context& with) {
    return fetches(with, reading::byte_by_byte);
}

plans never_reads(attack_context& with) {
    return fetches(with, reading::never);
}

plans connection_storm(attack_context& with) {
    plans made;
    for (std::uint32_t i = 0; i < with.options.connections; ++i)
        made.push_back(with.plan({}, 0));
    return made;
}

batch::builder_options of_producer(std::int64_t id, std::int16_t epoch, std::int32_t sequence) {
    batch::builder_options options;
    options.producer_id = producer_id(id);
    options.producer_epoch = producer_epoch(epoch);
    options.base_sequence = sequence;
    return options;
}

/// Ids that the broker never gave out: only the topic of these clients sees them.
std::int64_t foreign_producer(runtime::random& draws) {
    constexpr std::int64_t beyond_any = std::int64_t{1} << 40;
    return beyond_any + draws.between(0, 1'000'000);
}

plans wrong_sequences(attack_context& with) {
    const auto id = foreign_producer(with.draws);
    const auto first = sound_batch(with.draws, of_producer(id, 3, 0));
    std::vector<slice> batches = {
        first,
        first,
        sound_batch(with.draws, of_producer(id, 3, 1'000)),
        sound_batch(with.draws, of_producer(id, 2, 0)),
        sound_batch(with.draws, of_producer(id, 4, 17)),
        sound_batch(with.draws, of_producer(id, 4, std::numeric_limits<std::int32_t>::max())),
        sound_batch(with.draws, of_producer(id, -1, 0)),
    };
    return {with.to_own_topic(batches)};
}

plans same_everywhere(attack_context& with) {
    const auto one =
        with.to_own_topic({sound_batch(with.draws, of_producer(foreign_producer(with.draws), 0, 0))});
    return plans(std::min<std::uint32_t>(with.options.connections, 50), one);
}

/// Every bit of what the checksum covers is as good as any other.
plans wrong_crc(attack_context& with) {
    const auto damaged = sound_batch(with.draws);
    const auto covered = damaged.size() - batch::at::attributes;
    auto& byte = damaged.patch_before_sharing()[batch::at::attributes + with.draws.below(covered)];
    byte ^= static_cast<std::byte>(1U << with.draws.below(8));
    if (with.draws.chance(1, 2))
        return {with.to_own_topic({damaged})};
    return {with.plan({produce(1, with.on.checked_topic, damaged)}, 1)};
}

plans wrong_count(attack_context& with) {
    batch::builder_options options;
    options.compression = with.draws.chance(1, 2) ? batch::codec::none : batch::codec::lz4;
    const auto spoilt = sound_batch(with.draws, options);
    const auto bytes = spoilt.patch_before_sharing();
    const auto where = with.draws.chance(1, 2) ? batch::at::record_count : batch::at::last_offset_delta;
    constexpr std::int32_t counts[] = {-1, 0, 6, 1'000'000, std::numeric_limits<std::int32_t>::max()};
    batch::store_big_endian(bytes.data() + where, counts[with.draws.below(std::size(counts))]);
    mend_crc(spoilt);
    return {with.to_own_topic({spoilt})};
}

plans compression_bomb(attack_context& with) {
    constexpr batch::codec packed[] = {batch::codec::gzip, batch::codec::lz4, batch::codec::zstd};
    const auto which = packed[with.draws.below(std::size(packed))];
    return {with.to_own_topic({bomb(with.options.bomb_bytes, which)})};
}

plans pipelined_unread(attack_context& with) {
    std::vector<slice> bytes;
    for (std::uint32_t i = 0; i < with.options.pipelined; ++i) {
        const auto id = static_cast<std::int32_t>(i);
        bytes.push_back(with.draws.chance(1, 2) ? api_versions(id) : metadata(id, with.on.checked_topic));
    }
    auto made = with.plan(std::move(bytes), with.options.pipelined);
    made.read_after_ns = with.draws.between(0, with.options.idle_ns);
    made.stays_ns += made.read_after_ns;
    made.first_correlation = 0;
    return {made};
}

/// One after another, at higher and higher offsets, to the high watermark at times; some lie behind the end.
plans record_deletion(attack_context& with) {
    constexpr std::int64_t to_high_watermark = -1;
    std::vector<slice> bytes;
    auto offset = static_cast<std::int64_t>(with.draws.log_between(1, 3'000));
    for (auto left = with.draws.between(1, 8); left > 0; --left) {
        const auto id = static_cast<std::int32_t>(bytes.size());
        const auto version = static_cast<std::int16_t>(with.draws.below(3));
        bytes.push_back(delete_records(id, with.on.checked_topic,
                                       with.draws.chance(1, 6) ? to_high_watermark : offset, version));
        offset += with.draws.between(0, 50);
    }
    const auto id = static_cast<std::int32_t>(bytes.size());
    bytes.push_back(ends_of_epoch(id, with.on.checked_topic, static_cast<std::int32_t>(with.draws.below(3)),
                                  static_cast<std::int16_t>(with.draws.below(5))));
    const auto answers = static_cast<std::uint32_t>(bytes.size());
    auto made = with.plan(std::move(bytes), answers);
    made.first_correlation = 0;
    return {made};
}

/// One after another, often to where a partition is on the way already, or from where it has not arrived yet.
plans replica_move(attack_context& with) {
    constexpr const char* directories[] = {"/data", "/data1", "/data2"};
    std::vector<slice> bytes;
    for (auto left = with.draws.between(1, 6); left > 0; --left) {
        const auto id = static_cast<std::int32_t>(bytes.size());
        const auto version = static_cast<std::int16_t>(with.draws.below(3));
        bytes.push_back(
            alter_replica_log_dirs(id, with.on.checked_topic, static_cast<std::int32_t>(with.draws.below(12)),
                                   directories[with.draws.below(std::size(directories))], version));
    }
    const auto id = static_cast<std::int32_t>(bytes.size());
    bytes.push_back(describe_log_dirs(id, static_cast<std::int16_t>(with.draws.below(5))));
    const auto answers = static_cast<std::uint32_t>(bytes.size());
    auto made = with.plan(std::move(bytes), answers);
    made.first_correlation = 0;
    return {made};
}

struct attack_row {
    hostile_kind kind;
    plans (*make)(attack_context&);
};

constexpr attack_row table[] = {
    {hostile_kind::half_request_then_silence, half_request},
    {hostile_kind::half_request_then_close, half_request_then_close},
    {hostile_kind::bad_length, bad_length},
    {hostile_kind::bad_counts, bad_counts},
    {hostile_kind::unknown_api, unknown_api},
    {hostile_kind::bad_version, bad_version},
    {hostile_kind::noise, noise_bytes},
    {hostile_kind::slow_reader, slow_reader},
    {hostile_kind::never_reads, never_reads},
    {hostile_kind::connection_storm, connection_storm},
    {hostile_kind::wrong_sequences, wrong_sequences},
    {hostile_kind::same_everywhere, same_everywhere},
    {hostile_kind::wrong_crc, wrong_crc},
    {hostile_kind::wrong_count, wrong_count},
    {hostile_kind::compression_bomb, compression_bomb},
    {hostile_kind::pipelined_unread, pipelined_unread},
    {hostile_kind::record_deletion, record_deletion},
    {hostile_kind::replica_move, replica_move},
};

} // namespace

std::vector<session_plan> attack(hostile_kind kind, const hostile_options& options, const targets& on,
                                 runtime::random draws) {
    attack_context with{options, on, draws};
    for (const auto& row : table) {
        if (row.kind != kind)
            continue;
        auto made = row.make(with);
        for (auto& each : made)
            each.kind = kind;
        return made;
    }
    return {};
}

} // namespace barnabas::sim::hostile
