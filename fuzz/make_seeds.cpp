#include "actors/connection/dispatch.hpp"
#include "actors/replica/log/offset_index.hpp"
#include "actors/replica/log/producer_state.hpp"
#include "actors/replica/log/small_file.hpp"
#include "actors/replica/log/time_index.hpp"
#include "fuzz/message_seeds.hpp"
#include "protocol/batch/builder.hpp"
#include "protocol/batch/compression.hpp"
#include "protocol/batch/message_builder.hpp"
#include "protocol/batch/patch.hpp"
#include "protocol/internal/metadata_records.hpp"
#include "protocol/kafka/fetch.hpp"
#include "protocol/kafka/frame.hpp"
#include "protocol/kafka/init_producer_id.hpp"
#include "protocol/kafka/list_offsets.hpp"
#include "protocol/kafka/message_table.hpp"
#include "protocol/kafka/metadata.hpp"
#include "protocol/kafka/produce.hpp"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <string>
#include <vector>

/// Writes the part of the corpora that our own encoders make, into `<folder>/<target>/`.
namespace barnabas {
namespace {

std::string text_of(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
std::string numbers(std::initializer_list<int> bytes) {
    std::string text;
    for (const int each : bytes)
        text.push_back(static_cast<char>(each));
    return text;
}
std::string size16(std::size_t size) {
    return numbers({static_cast<int>(size >> 8), static_cast<int>(size & 0xff)});
}

class corpus {
public:
    explicit corpus(std::filesystem::path root) : root_(std::move(root)) {}

    void put(const std::string& target, const std::string& name, const std::string& bytes) {
        std::filesystem::create_directories(root_ / target);
        std::ofstream(root_ / target / name, std::ios::binary) << bytes;
        ++count_;
    }
    std::size_t count() const { return count_; }

private:
    std::filesystem::path root_;
    std::size_t count_ = 0;
};

batch::builder_options plain(std::int64_t base = 0) {
    batch::builder_options options;
    options.base_offset = log_offset(base);
    return options;
}

std::string batch_of(const batch::builder_options& options, int records) {
    batch::batch_builder builder(options);
    const std::vector<batch::header_view> headers{{"h", batch::bytes_of("x")}, {"empty", std::nullopt}};
    for (int i = 0; i < records; ++i)
        builder.append_text(timestamp_ms(1000 + i),
                            i % 2 == 0 ? std::optional<std::string_view>("key") : std::nullopt, "value",
                            i == 0 ? headers : std::vector<batch::header_view>{});
    return text_of(builder.build().bytes());
}

std::string producer_batch(std::int64_t base, std::int32_t sequence) {
    auto options = plain(base);
    options.producer_id = producer_id(5);
    options.producer_epoch = producer_epoch(0);
    options.base_sequence = sequence;
    options.leader_epoch = leader_epoch(1);
    return batch_of(options, 2);
}

void put_batches(corpus& to) {
    to.put("batch", "plain", numbers({0}) + batch_of(plain(), 3));
    to.put("batch", "two_of_a_producer", numbers({1}) + producer_batch(0, 0) + producer_batch(2, 2));
    to.put("batch", "wrong_checksum", numbers({32}) + batch_of(plain(), 1));
    auto control = plain();
    control.control = control.transactional = true;
    control.producer_id = producer_id(7);
    control.producer_epoch = producer_epoch(1);
    to.put("batch", "control", numbers({1}) + batch_of(control, 1));
    const char* names[] = {"none", "gzip", "snappy", "lz4", "zstd"};
    std::string long_text;
    for (int i = 0; i < 200; ++i)
        long_text += "line " + std::to_string(i % 17) + "\n";
    for (const auto which :
         {batch::codec::gzip, batch::codec::snappy, batch::codec::lz4, batch::codec::zstd}) {
        const std::string name = names[static_cast<int>(which)];
        auto options = plain();
        options.compression = which;
        to.put("batch", name, numbers({0}) + batch_of(options, 4));
        to.put(name, "text", numbers({4, 10}) + text_of(*batch::compress(which, batch::bytes_of(long_text))));
        to.put(name, "bound", numbers({2, 1}) + text_of(*batch::compress(which, batch::bytes_of(long_text))));
        to.put(name, "short", numbers({3, 0}) + text_of(*batch::compress(which, batch::bytes_of("a"))));
        to.put(name, "nothing", numbers({3, 0}) + text_of(*batch::compress(which, {})));
    }
}

std::string message_set(std::int8_t magic, batch::codec which, int messages) {
    batch::message_builder_options options;
    options.magic = magic;
    options.compression = which;
    batch::message_builder builder(options);
    for (int i = 0; i < messages; ++i)
        builder.append(log_offset(i), timestamp_ms(1000 + i),
                       i % 2 == 0 ? batch::optional_bytes(batch::bytes_of("key")) : std::nullopt,
                       i % 3 == 2 ? std::nullopt : batch::optional_bytes(batch::bytes_of("value")));
    return text_of(builder.build().bytes());
}

void put_message_sets(corpus& to) {
    const char* names[] = {"none", "gzip", "snappy", "lz4"};
    std::string mixed;
    for (const std::int8_t magic : {std::int8_t{0}, std::int8_t{1}}) {
        const auto suffix = "." + std::to_string(magic);
        for (const auto which :
             {batch::codec::none, batch::codec::gzip, batch::codec::snappy, batch::codec::lz4}) {
            const auto set = message_set(magic, which, 3);
            to.put("message_set", names[static_cast<int>(which)] + suffix, numbers({0, 1}) + set);
            mixed += set;
        }
        const auto plain = message_set(magic, batch::codec::none, 3);
        for (int which = 0; which < 3; ++which)
            to.put("message_set", std::string("inside_") + names[which + 1] + suffix,
                   numbers({1 | (magic << 1) | (which << 2), 1}) + plain);
        to.put("message_set", "wrapper_inside" + suffix,
               numbers({1 | (magic << 1), 0}) + message_set(magic, batch::codec::gzip, 1));
        to.put("message_set", "cut_off" + suffix, numbers({0, 0}) + plain.substr(0, plain.size() - 3));
    }
    to.put("message_set", "mixed", numbers({0, 0}) + mixed);
    to.put("message_set", "beside_a_batch", numbers({0, 0}) + mixed + batch_of(plain(), 2));
    to.put("message_set", "wrong_checksum", numbers({32, 0}) + mixed.substr(0, 15) + "x" + mixed.substr(16));
    batch::packing_options old;
    old.old_lz4_checksum = true;
    to.put("lz4", "old_checksum",
           numbers({3, 0}) + text_of(*batch::compress(batch::codec::lz4, batch::bytes_of("text"), old)));
    to.put("batch", "down_in_pieces", numbers({128}) + batch_of(plain(), 3) + producer_batch(3, 0));
    to.put("batch", "down_to_magic_1", numbers({64}) + batch_of(plain(), 3) + producer_batch(3, 0));
}

/// False, and said, if it could not be made.
template <class Seed>
bool is_made(const result<Seed>& seed) {
    if (!seed)
        std::fprintf(stderr, "%s\n", seed.failure().detail.c_str());
    return seed.has_value();
}

/// Of the APIs that are served, each as a client would ask for it. False if one of them does not decode.
bool put_asked(corpus& to) {
    bool good = true;
    for (const auto& type : kafka::message_table()) {
        const auto* row = find_api(kafka::api_key{type.api_key});
        if (type.kind != kafka::message_kind::request || row == nullptr)
            continue;
        for (const auto version :
             fuzz::telling_versions(row->lowest, type.first_flexible_version, row->highest)) {
            const auto stream = fuzz::asked_stream(type, version);
            good = is_made(stream) && good;
            if (stream)
                to.put("connection", std::string(type.name) + ".v" + std::to_string(version), *stream);
        }
    }
    return good;
}

/// False if one of them does not decode.
bool put_messages(corpus& to) {
    const char* const targets[] = {"request", "response", "message"};
    bool good = true;
    for (const auto& type : kafka::message_table())
        for (const auto version : fuzz::telling_versions(type)) {
            const auto filled = fuzz::filled_message(type, version);
            good = is_made(filled) && good;
            if (filled)
                to.put(targets[static_cast<int>(fuzz::group_of(type.kind))],
                       std::string(type.name) + ".v" + std::to_string(version),
                       fuzz::as_input(type, version, *filled));
        }
    return good;
}

template <class Message>
std::string request(const Message& message, std::int16_t version) {
    return text_of(join(kafka::frame_request(3, std::string("c"), message, version)).bytes());
}

kafka::produce_request produce(std::int16_t acks) {
    kafka::produce_request message;
    message.acks = acks;
    message.timeout_ms = 1000;
    auto& topic = message.topic_data.emplace_back();
    topic.name = slice::copy_of("orders");
    auto& partition = topic.partition_data.emplace_back();
    partition.index = 1;
    partition.records = slice::copy_of(batch_of(plain(), 1));
    return message;
}

kafka::fetch_request fetch(std::int32_t min_bytes) {
    kafka::fetch_request message;
    message.max_wait_ms = 10;
    message.min_bytes = min_bytes;
    message.max_bytes = 1 << 20;
    auto& topic = message.topics.emplace_back();
    topic.topic = slice::copy_of("orders");
    auto& partition = topic.partitions.emplace_back();
    partition.partition = 1;
    partition.partition_max_bytes = 1 << 20;
    return message;
}

void put_streams(corpus& to) {
    kafka::metadata_request metadata;
    kafka::init_producer_id_request ids;
    kafka::list_offsets_request offsets;
    auto& topic = offsets.topics.emplace_back();
    topic.name = "orders";
    topic.partitions.emplace_back().timestamp = -1;
    const auto produced = request(produce(-1), 7);
    const auto fetched = request(fetch(1), 4) + request(fetch(0), 11);
    const auto asked = request(metadata, 1) + request(ids, 1) + request(offsets, 1);
    to.put("frame", "requests", numbers({3}) + asked + produced);
    to.put("frame", "bad_length",
           numbers({200}) + request(metadata, 1) + numbers({0x7f, 0xff, 0xff, 0xff, 1, 2}));
    to.put("frame", "http", numbers({5}) + "GET / HTTP/1.1\r\n\r\n");
    to.put("connection", "produce",
           numbers({0}) + produced + request(produce(0), 3) + request(produce(1), 9));
    to.put("connection", "produce_refused", numbers({2}) + produced);
    to.put("connection", "fetch", numbers({0}) + fetched);
    to.put("connection", "fetch_in_pieces", numbers({1}) + fetched);
    to.put("connection", "asked", numbers({1}) + asked);
}

template <class Message>
std::string answer(const Message& message, std::int16_t version) {
    kafka::wire_writer out;
    message.encode(out, version);
    const auto body = text_of(join(out.finish()).bytes());
    return size16(body.size()) + body;
}

std::string told_topic() {
    kafka::metadata_response said;
    auto& topic = said.topics.emplace_back();
    topic.name = "t";
    topic.topic_id.bytes[0] = 7;
    for (std::int32_t index = 0; index < 2; ++index)
        topic.partitions.emplace_back().partition_index = index;
    return answer(said, kafka::metadata_request::highest_version);
}

void put_answers(corpus& to) {
    kafka::init_producer_id_response id;
    id.producer_id = 5;
    kafka::produce_response produced;
    auto& topic = produced.responses.emplace_back();
    topic.name = "t";
    topic.topic_id.bytes[0] = 7;
    for (std::int32_t index = 0; index < 2; ++index)
        topic.partition_responses.emplace_back().index = index;
    const auto acked = answer(produced, kafka::produce_request::highest_version);
    const auto given_id = answer(id, kafka::init_producer_id_request::highest_version);
    to.put("client", "producer", numbers({0}) + told_topic() + given_id + acked + acked);
    to.put("client", "producer_id_first", numbers({0}) + given_id + told_topic() + acked);
    to.put("client", "plain_producer", numbers({0x81}) + told_topic() + acked);
    topic.partition_responses[1].error_code = 6;
    to.put("client", "producer_refused",
           numbers({0}) + told_topic() + given_id +
               answer(produced, kafka::produce_request::highest_version) + told_topic());
    kafka::list_offsets_response offsets;
    auto& listed = offsets.topics.emplace_back();
    listed.name = "t";
    for (std::int32_t index = 0; index < 2; ++index)
        listed.partitions.emplace_back().partition_index = index;
    kafka::fetch_response fetched;
    fetched.session_id = 4;
    auto& from = fetched.responses.emplace_back();
    from.topic = "t";
    from.topic_id.bytes[0] = 7;
    auto& records = from.partitions.emplace_back();
    records.high_watermark = 3;
    records.records = slice::copy_of(batch_of(plain(), 3));
    const auto first = told_topic() + answer(offsets, kafka::list_offsets_request::highest_version);
    const auto read = answer(fetched, kafka::fetch_request::highest_version);
    to.put("client", "consumer", numbers({1}) + first + read + read);
    to.put("client", "consumer_without_session", numbers({0x82}) + first + read);
    to.put("client", "admin", numbers({2, 0, 20}) + std::string(20, '\0'));
    to.put("client", "raw", numbers({1, 0x80, 8, 0, 0, 0, 4, 0, 0, 0, 9}));
}

void put_metadata(corpus& to) {
    topic_id id;
    id.bytes[3] = 9;
    const std::vector<metadata_record> records{
        no_op_record{},
        feature_level_record{3},
        topic_created_record{"orders", id},
        partition_record{
            id, partition_index(2), node_id(1), leader_epoch(4), 6, {node_id(1), node_id(2)}, {node_id(1)}},
        topic_removed_record{id},
        config_changed_record{id, "retention.ms", "1000"},
        config_changed_record{cluster_resource{}, "a", std::nullopt},
        broker_registered_record{node_id(1), {{"PLAINTEXT", "localhost", 9092}}, "rack"},
        producer_ids_allocated_record{node_id(1), producer_id(1000), 1000},
    };
    for (std::size_t i = 0; i < records.size(); ++i)
        to.put("metadata_record", std::string(name_of(records[i])) + "." + std::to_string(i),
               text_of(encode(records[i]).bytes()));
}

std::string file(int kind, const std::string& content) {
    return numbers({kind}) + size16(content.size()) + content;
}

void put_log_files(corpus& to) {
    replica::producer_state producers;
    const auto header = batch::parse_header(batch::bytes_of(producer_batch(0, 0)));
    producers.apply(*header, monotonic_ns(1000));
    const auto snapshot = text_of(producers.encode_snapshot());
    replica::epoch_cache epochs;
    epochs.assign(leader_epoch(1), log_offset(0));
    epochs.assign(leader_epoch(3), log_offset(2));
    const auto checkpoint = replica::encode_epoch_checkpoint(epochs);
    topic_id id;
    id.bytes[0] = 7;
    const auto metadata = replica::encode_partition_metadata(id);
    to.put("snapshot", "producers", numbers({0}) + snapshot);
    to.put("snapshot", "no_producers", numbers({1}) + text_of(replica::producer_state().encode_snapshot()));
    to.put("snapshot", "epochs", numbers({2}) + checkpoint);
    to.put("snapshot", "topic_id", numbers({3}) + metadata);

    std::vector<std::byte> offsets;
    std::vector<std::byte> times;
    for (int i = 1; i < 20; ++i) {
        replica::put_offset_entry(
            offsets, log_offset(1000),
            {log_offset(1000 + i * 3), file_position(static_cast<std::uint64_t>(i) * 100)});
        replica::put_time_entry(times, log_offset(1000), {timestamp_ms(i * 10), log_offset(1000 + i * 3)});
    }
    to.put("index", "offsets", numbers({0, 0, 20}) + text_of(offsets));
    to.put("index", "times", numbers({1, 0, 90}) + text_of(times));
    to.put("index", "odd_size", numbers({0, 0, 5}) + text_of(offsets).substr(0, 13));

    const auto first = producer_batch(0, 0);
    const auto second = producer_batch(2, 2);
    const auto third = producer_batch(4, 4);
    const auto small = file(8, checkpoint) + file(9, metadata);
    to.put("recovery", "nothing", numbers({0}));
    to.put("recovery", "one_segment", numbers({8}) + file(0, first + second + third) + small);
    to.put("recovery", "torn_tail", numbers({0}) + file(0, first + second.substr(0, second.size() - 9)));
    to.put("recovery", "zeros_behind", numbers({0}) + file(0, first + std::string(100, '\0')));
    to.put("recovery", "two_segments",
           numbers({1}) + file(0, first) + file(3, second + third) + file(6, snapshot) + small);
    to.put("recovery", "hole", numbers({1}) + file(0, first) + file(15, producer_batch(7, 2)));
    to.put("recovery", "compacted", numbers({4}) + file(0, first + producer_batch(9, 2)) + file(7, snapshot));
    to.put("recovery", "left_overs",
           numbers({0}) + file(10, first) + file(11, first) + file(12, first) + file(13, checkpoint));
    to.put("recovery", "indexes",
           numbers({2}) + file(0, first + second) + file(1, std::string(16, '\1')) +
               file(2, std::string(24, '\2')));
}

/// An aborted transaction: version 0 and four numbers.
std::string aborted_transaction() {
    return std::string(2 + 4 * 8, '\0');
}

/// What `barnabas dump-log` reads; the first byte chooses its options.
void put_dumps(corpus& to) {
    const auto first = producer_batch(0, 0);
    const auto second = producer_batch(2, 2);
    const auto old =
        message_set(0, batch::codec::none, 2) + message_set(1, batch::codec::gzip, 3) + producer_batch(5, 0);
    std::vector<std::byte> offsets;
    replica::put_offset_entry(offsets, log_offset(0), {log_offset(3), file_position(first.size())});
    std::vector<std::byte> times;
    replica::put_time_entry(times, log_offset(0), {timestamp_ms(1001), log_offset(1)});
    auto marker = plain();
    marker.control = marker.transactional = true;
    marker.producer_id = producer_id(7);
    to.put("dump", "batches",
           numbers({3}) + file(0, first + second) +
               file(6, text_of(replica::producer_state().encode_snapshot())));
    to.put("dump", "old_messages", numbers({3}) + file(0x80, old));
    to.put("dump", "control", numbers({1}) + file(0, batch_of(marker, 1)));
    to.put("dump", "gap", numbers({5}) + file(0, first + producer_batch(9, 2)));
    to.put("dump", "torn", numbers({0}) + file(0, first + second.substr(0, 30)));
    to.put("dump", "zeros", numbers({32}) + file(0, first + std::string(100, '\0')));
    to.put("dump", "indexes",
           numbers({0}) + file(0, first + second) + file(1, text_of(offsets)) + file(2, text_of(times)));
    to.put("dump", "preallocated",
           numbers({8}) + file(0, first + second) + file(1, text_of(offsets) + std::string(16, '\0')) +
               file(2, text_of(times) + std::string(24, '\0')));
    to.put("dump", "transactions", numbers({0}) + file(14, aborted_transaction() + std::string(9, '\1')));
    batch::batch_builder group(plain());
    group.append_text(timestamp_ms(1), numbers({0, 2, 0, 1, 'g'}), numbers({0, 0, 0, 0, 0, 0, 0, 0}));
    to.put("dump", "coordinator", numbers({64}) + file(0, text_of(group.build().bytes())));
}

} // namespace
} // namespace barnabas

int main(int count, char** arguments) {
    if (count != 2) {
        std::fprintf(stderr, "usage: make_seeds FOLDER\n");
        return 2;
    }
    barnabas::corpus to(arguments[1]);
    barnabas::put_batches(to);
    barnabas::put_message_sets(to);
    const bool messages_decode = barnabas::put_messages(to);
    const bool requests_decode = barnabas::put_asked(to);
    barnabas::put_streams(to);
    barnabas::put_answers(to);
    barnabas::put_metadata(to);
    barnabas::put_log_files(to);
    barnabas::put_dumps(to);
    std::printf("%zu seeds\n", to.count());
    return messages_decode && requests_decode ? 0 : 1;
}
