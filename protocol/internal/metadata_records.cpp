#include "protocol/internal/metadata_records.hpp"

#include "protocol/internal/metadata.capnp.h"

#include <capnp/message.h>
#include <capnp/serialize.h>
#include <kj/exception.h>

#include <algorithm>
#include <cstring>

namespace barnabas {

namespace {

namespace schema = internal_schema;

constexpr std::size_t magic_size = 4;
constexpr char magic[magic_size + 1] = "BNBm";
/// A record has one level of structs and lists inside; more is not ours.
constexpr int nesting_max = 8;

void write(schema::Uuid::Builder to, const uuid& value) {
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    for (std::size_t i = 0; i < 8; ++i) {
        high = (high << 8) | value.bytes[i];
        low = (low << 8) | value.bytes[i + 8];
    }
    to.setHigh(high);
    to.setLow(low);
}

uuid read(schema::Uuid::Reader from) {
    uuid value;
    for (std::size_t i = 0; i < 8; ++i) {
        value.bytes[i] = static_cast<std::uint8_t>(from.getHigh() >> (56 - 8 * i));
        value.bytes[i + 8] = static_cast<std::uint8_t>(from.getLow() >> (56 - 8 * i));
    }
    return value;
}

std::string read(capnp::Text::Reader from) {
    return {from.begin(), from.size()};
}

kj::StringPtr text(const std::string& value) {
    return {value.c_str(), value.size()};
}

void write(capnp::List<std::int32_t>::Builder to, const std::vector<node_id>& nodes) {
    for (std::size_t i = 0; i < nodes.size(); ++i)
        to.set(static_cast<unsigned>(i), nodes[i].get());
}

std::vector<node_id> read(capnp::List<std::int32_t>::Reader from) {
    std::vector<node_id> nodes;
    nodes.reserve(from.size());
    for (auto node : from)
        nodes.emplace_back(node);
    return nodes;
}

void write(schema::MetadataRecord::Builder to, const no_op_record&) {
    to.setNoOp();
}

void write(schema::MetadataRecord::Builder to, const feature_level_record& record) {
    to.initFeatureLevel().setLevel(record.level);
}

void write(schema::MetadataRecord::Builder to, const topic_created_record& record) {
    auto topic = to.initTopicCreated();
    topic.setName(text(record.name));
    write(topic.initId(), record.id);
}

void write(schema::MetadataRecord::Builder to, const partition_record& record) {
    BARNABAS_ASSERT(record.replicas.size() <= metadata_limits::replicas_max);
    BARNABAS_ASSERT(record.isr.size() <= metadata_limits::replicas_max);
    auto partition = to.initPartition();
    write(partition.initTopic(), record.topic);
    partition.setIndex(record.index.get());
    partition.setLeader(record.leader.get());
    partition.setLeaderEpoch(record.leader_epoch.get());
    partition.setPartitionEpoch(record.partition_epoch);
    write(partition.initReplicas(static_cast<unsigned>(record.replicas.size())), record.replicas);
    write(partition.initIsr(static_cast<unsigned>(record.isr.size())), record.isr);
}

void write(schema::MetadataRecord::Builder to, const topic_removed_record& record) {
    write(to.initTopicRemoved().initId(), record.id);
}

void write(schema::MetadataRecord::Builder to, const config_changed_record& record) {
    auto config = to.initConfigChanged();
    auto resource = config.getResource();
    if (const auto* topic = std::get_if<topic_id>(&record.resource))
        write(resource.initTopic(), *topic);
    else if (const auto* broker = std::get_if<node_id>(&record.resource))
        resource.setBroker(broker->get());
    else if (const auto* group = std::get_if<named_group>(&record.resource))
        resource.setGroup(text(group->name));
    else
        resource.setCluster();
    config.setKey(text(record.key));
    if (record.value)
        config.getValue().setSet(text(*record.value));
    else
        config.getValue().setCleared();
}

void write(schema::MetadataRecord::Builder to, const broker_registered_record& record) {
    BARNABAS_ASSERT(record.listeners.size() <= metadata_limits::listeners_max);
    auto broker = to.initBrokerRegistered();
    broker.setId(record.id.get());
    auto listeners = broker.initListeners(static_cast<unsigned>(record.listeners.size()));
    for (unsigned i = 0; i < listeners.size(); ++i) {
        listeners[i].setName(text(record.listeners[i].name));
        listeners[i].setHost(text(record.listeners[i].host));
        listeners[i].setPort(record.listeners[i].port);
    }
    if (record.rack)
        broker.getRack().setName(text(*record.rack));
    else
        broker.getRack().setNone();
}

void write(schema::MetadataRecord::Builder to, const producer_ids_allocated_record& record) {
    auto block = to.initProducerIdsAllocated();
    block.setBroker(record.broker.get());
    block.setFirst(record.first.get());
    block.setCount(record.count);
}

error not_understood(const std::string& why) {
    return {errc::malformed, "a record of the metadata log cannot be read: " + why};
}

result<metadata_record> read(schema::Partition::Reader from) {
    if (from.getReplicas().size() > metadata_limits::replicas_max ||
        from.getIsr().size() > metadata_limits::replicas_max)
        return not_understood("a partition with more than " + std::to_string(metadata_limits::replicas_max) +
                              " replicas");
    if (from.getIndex() < 0)
        return not_understood("a partition with the index " + std::to_string(from.getIndex()));
    return metadata_record(partition_record{read(from.getTopic()), partition_index(from.getIndex()),
                                            node_id(from.getLeader()), leader_epoch(from.getLeaderEpoch()),
                                            from.getPartitionEpoch(), read(from.getReplicas()),
                                            read(from.getIsr())});
}

result<metadata_record> read(schema::ConfigChanged::Reader from) {
    config_changed_record record;
    const auto resource = from.getResource();
    switch (resource.which()) {
    case schema::ConfigChanged::Resource::CLUSTER: record.resource = cluster_resource{}; break;
    case schema::ConfigChanged::Resource::TOPIC: record.resource = read(resource.getTopic()); break;
    case schema::ConfigChanged::Resource::BROKER: record.resource = node_id(resource.getBroker()); break;
    case schema::ConfigChanged::Resource::GROUP:
        record.resource = named_group{read(resource.getGroup())};
        break;
    default:
        return error{errc::unsupported_version, "a config of a resource that only a newer Barnabas knows"};
    }
    record.key = read(from.getKey());
    switch (from.getValue().which()) {
    case schema::ConfigChanged::Value::CLEARED: break;
    case schema::ConfigChanged::Value::SET: record.value = read(from.getValue().getSet()); break;
    default:
        return error{errc::unsupported_version, "a config value of a kind that only a newer Barnabas knows"};
    }
    return metadata_record(std::move(record));
}

result<metadata_record> read(schema::BrokerRegistered::Reader from) {
    if (from.getListeners().size() > metadata_limits::listeners_max)
        return not_understood("a broker with more than " + std::to_string(metadata_limits::listeners_max) +
                              " listeners");
    broker_registered_record record;
    record.id = node_id(from.getId());
    for (auto listener : from.getListeners())
        record.listeners.push_back({read(listener.getName()), read(listener.getHost()), listener.getPort()});
    if (from.getRack().isName())
        record.rack = read(from.getRack().getName());
    return metadata_record(std::move(record));
}

result<metadata_record> read(schema::ProducerIdsAllocated::Reader from) {
    if (from.getFirst() < 0 || from.getCount() < 1 || from.getFirst() > INT64_MAX - from.getCount())
        return not_understood("a block of producer ids that begins at " + std::to_string(from.getFirst()) +
                              " with " + std::to_string(from.getCount()) + " ids");
    return metadata_record(producer_ids_allocated_record{node_id(from.getBroker()),
                                                         producer_id(from.getFirst()), from.getCount()});
}

result<metadata_record> read(schema::MetadataRecord::Reader from) {
    if (from.getFormatVersion() != metadata_format_version)
        return error{errc::unsupported_version, "a record of the metadata log has format version " +
                                                    std::to_string(from.getFormatVersion()) +
                                                    ", this Barnabas reads version " +
                                                    std::to_string(metadata_format_version) +
                                                    ": start the version that wrote it, or a newer one"};
    switch (from.which()) {
    case schema::MetadataRecord::NO_OP: return metadata_record(no_op_record{});
    case schema::MetadataRecord::FEATURE_LEVEL:
        return metadata_record(feature_level_record{from.getFeatureLevel().getLevel()});
    case schema::MetadataRecord::TOPIC_CREATED: {
        auto topic = from.getTopicCreated();
        return metadata_record(topic_created_record{read(topic.getName()), read(topic.getId())});
    }
    case schema::MetadataRecord::PARTITION: return read(from.getPartition());
    case schema::MetadataRecord::TOPIC_REMOVED:
        return metadata_record(topic_removed_record{read(from.getTopicRemoved().getId())});
    case schema::MetadataRecord::CONFIG_CHANGED: return read(from.getConfigChanged());
    case schema::MetadataRecord::BROKER_REGISTERED: return read(from.getBrokerRegistered());
    case schema::MetadataRecord::PRODUCER_IDS_ALLOCATED: return read(from.getProducerIdsAllocated());
    }
    return error{errc::unsupported_version, "a record of the metadata log is of kind " +
                                                std::to_string(static_cast<int>(from.which())) +
                                                ", which only a newer Barnabas knows"};
}

} // namespace

slice encode(const metadata_record& record) {
    capnp::MallocMessageBuilder message;
    auto root = message.initRoot<schema::MetadataRecord>();
    root.setFormatVersion(metadata_format_version);
    std::visit([&root](const auto& one) { write(root, one); }, record);

    const auto words = capnp::messageToFlatArray(message);
    const auto bytes = words.asBytes();
    BARNABAS_ASSERT(magic_size + bytes.size() <= metadata_limits::record_bytes_max);
    auto memory = chunk::allocate(magic_size + bytes.size());
    std::memcpy(memory->data(), magic, magic_size);
    std::memcpy(memory->data() + magic_size, bytes.begin(), bytes.size());
    return {std::move(memory), 0, magic_size + bytes.size()};
}

bool is_metadata_record(std::span<const std::byte> bytes) noexcept {
    return bytes.size() >= magic_size && std::memcmp(bytes.data(), magic, magic_size) == 0;
}

result<metadata_record> decode_metadata_record(std::span<const std::byte> bytes) {
    if (!is_metadata_record(bytes))
        return not_understood("it does not begin with Barnabas's mark");
    if (bytes.size() > metadata_limits::record_bytes_max)
        return not_understood("it has " + std::to_string(bytes.size()) +
                              " bytes, more than any that is written");
    const auto body = bytes.subspan(magic_size);
    if (body.size() % sizeof(capnp::word) != 0)
        return not_understood("its length is not a whole number of words");
    // The record lies anywhere in its batch; Cap'n Proto wants words where words may lie.
    std::vector<capnp::word> words(body.size() / sizeof(capnp::word));
    if (!body.empty())
        std::memcpy(static_cast<void*>(words.data()), body.data(), body.size());
    capnp::ReaderOptions limits;
    // Each word may be looked at a few times, not more: a pointer loop ends here.
    limits.traversalLimitInWords = 4 * words.size() + 64;
    limits.nestingLimit = nesting_max;
    try {
        capnp::FlatArrayMessageReader message(kj::arrayPtr(words.data(), words.size()), limits);
        return read(message.getRoot<schema::MetadataRecord>());
    } catch (const kj::Exception& failure) {
        return not_understood(std::string(failure.getDescription().cStr()));
    } catch (const std::exception& failure) {
        return not_understood(failure.what());
    }
}

const char* name_of(const metadata_record& record) noexcept {
    static constexpr const char* names[] = {
        "no_op",         "feature_level",  "topic_created",     "partition",
        "topic_removed", "config_changed", "broker_registered", "producer_ids_allocated"};
    static_assert(std::size(names) == std::variant_size_v<metadata_record>);
    return names[record.index()];
}

} // namespace barnabas
