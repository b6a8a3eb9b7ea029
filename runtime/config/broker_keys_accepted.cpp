#include "runtime/config/broker_keys.hpp"

namespace barnabas {

namespace {

constexpr auto boolean = config_type::boolean;
constexpr auto string = config_type::string;
constexpr auto int16 = config_type::int16;
constexpr auto int32 = config_type::int32;
constexpr auto int64 = config_type::int64;
constexpr auto list = config_type::list;
constexpr auto password = config_type::password;
constexpr auto class_name = config_type::class_name;
constexpr value_check any = {};

constexpr broker_key known(std::string_view name, config_type type, const char* default_text,
                           value_check check, std::string_view documentation) {
    return {name, type, default_text, check, documentation, {}, {}, key_use::accepted};
}
/// How many of them there are is another key's business here, or nobody's.
constexpr broker_key threads(std::string_view name, const char* default_text,
                             std::string_view documentation) {
    auto key = known(name, int32, default_text, at_least(1), documentation);
    key.altered.what = key_alteration::outcome::no_effect;
    return key;
}
constexpr broker_key java(std::string_view name, value_check known_names, std::string_view documentation) {
    return {name, class_name, nullptr, known_names, documentation, {}, {}, key_use::java_class};
}

const broker_key keys[] = {
    known("controller.quorum.voters", list, nullptr, any,
          "Fixed voters of the controller quorum, as id@host:port."),
    known("controller.quorum.bootstrap.servers", list, nullptr, any, "Controllers to ask for the quorum."),
    known("controller.quorum.auto.join.enable", boolean, "false", any,
          "Whether a new controller joins the quorum by itself."),
    known("controller.quorum.election.timeout.ms", int32, "1000", at_least(1),
          "How long a controller waits for votes."),
    known("controller.quorum.fetch.timeout.ms", int32, "2000", at_least(1),
          "How long a follower of the quorum waits for its leader."),
    known("controller.quorum.election.backoff.max.ms", int32, "1000", at_least(1),
          "Longest pause before another election."),
    known("controller.quorum.append.linger.ms", int32, "25", at_least(0),
          "How long the quorum's leader collects records."),
    known("controller.quorum.request.timeout.ms", int32, "2000", at_least(1),
          "Time-out of requests within the quorum."),
    known("controller.quorum.retry.backoff.ms", int32, "20", at_least(0),
          "Pause before a request within the quorum is repeated."),
    known("inter.broker.listener.name", string, nullptr, any,
          "Listener on which brokers talk to each other."),
    known("security.inter.broker.protocol", string, "PLAINTEXT",
          one_of("PLAINTEXT SSL SASL_PLAINTEXT SASL_SSL"), "Security protocol between brokers."),
    known("early.start.listeners", list, nullptr, any, "Listeners that open before the broker is ready."),
    threads("num.network.threads", "3",
            "Kafka's network threads. Here barnabas.event.loops says how many loops run."),
    threads("num.io.threads", "8",
            "Kafka's request threads. Here barnabas.event.loops says how many loops run."),
    threads("background.threads", "10", "Kafka's background threads."),
    known("queued.max.requests", int32, "500", at_least(1),
          "Requests that may wait. Here memory is the bound."),
    known("socket.send.buffer.bytes", int32, "102400", at_least(-1), "Send buffer of sockets."),
    known("socket.receive.buffer.bytes", int32, "102400", at_least(-1), "Receive buffer of sockets."),
    known("max.connections.per.ip", int32, "2147483647", at_least(0), "Most connections from one address."),
    known("max.connections.per.ip.overrides", string, nullptr, any, "Exceptions to max.connections.per.ip."),
    known("max.connection.creation.rate", int32, "2147483647", at_least(0),
          "Most new connections in a second."),
    known("connection.failed.authentication.delay.ms", int32, "100", at_least(0),
          "Delay before a failed authentication is answered."),
    known("connections.max.reauth.ms", int64, "0", at_least(0), "How long an authentication holds."),
    known("unclean.leader.election.enable", boolean, "false", any,
          "Whether a replica that is not in sync may become leader."),
    known("auto.leader.rebalance.enable", boolean, "true", any,
          "Whether leadership moves back to preferred replicas."),
    known("leader.imbalance.check.interval.seconds", int64, "300", at_least(1),
          "How often leadership is looked at."),
    known("leader.imbalance.per.broker.percentage", int32, "10", at_least(0), "Imbalance that is tolerated."),
    known("log.flush.interval.messages", int64, "9223372036854775807", at_least(1),
          "Records between forced syncs. Here acks=all waits for stable storage."),
    known("log.flush.interval.ms", int64, nullptr, at_least(0),
          "Time between forced syncs. Here acks=all waits for stable storage."),
    known("log.flush.scheduler.interval.ms", int64, "9223372036854775807", at_least(0),
          "How often Kafka looks for logs to sync."),
    known("log.preallocate", boolean, "false", any, "Whether segment files get their full size at once."),
    known("log.dir.failure.timeout.ms", int64, "30000", at_least(1),
          "How long a failed directory may stay unreported."),
    known("log.local.retention.ms", int64, "-2", at_least(-2),
          "Local retention by time with tiered storage."),
    known("log.local.retention.bytes", int64, "-2", at_least(-2),
          "Local retention by size with tiered storage."),
    threads("num.replica.fetchers", "1", "Connections over which a broker follows another."),
    known("replica.fetch.max.bytes", int32, "1048576", at_least(0),
          "Bytes per partition in a follower's fetch."),
    known("replica.fetch.min.bytes", int32, "1", any, "Bytes that a follower's fetch waits for."),
    known("replica.fetch.wait.max.ms", int32, "500", any, "How long a follower's fetch waits."),
    known("replica.fetch.response.max.bytes", int32, "10485760", at_least(0),
          "Bytes in a whole answer to a follower."),
    known("replica.fetch.backoff.ms", int32, "1000", at_least(0), "Pause after a failed follower's fetch."),
    known("replica.socket.timeout.ms", int32, "30000", any, "Time-out of a follower's requests."),
    known("replica.socket.receive.buffer.bytes", int32, "65536", any, "Receive buffer of followers."),
    known("offsets.topic.compression.codec", int32, "0", between(0, 4), "Compression of that topic."),
    known("group.coordinator.threads", int32, "4", at_least(1), "Threads of the group coordinator."),
    known("group.coordinator.append.linger.ms", int32, "-1", at_least(-1),
          "How long the group coordinator collects records."),
    known("group.coordinator.rebalance.protocols", list, "classic,consumer,streams",
          any_of_list("classic consumer share streams"), "Group protocols that are served."),
    known("group.share.session.timeout.ms", int32, "45000", at_least(1),
          "Session of members of share groups."),
    known("group.share.heartbeat.interval.ms", int32, "5000", at_least(1), "Heartbeats of share groups."),
    known("group.share.record.lock.duration.ms", int32, "30000", at_least(1000),
          "How long a share group locks a record."),
    known("group.share.delivery.count.limit", int32, "5", at_least(2),
          "How often a share group delivers a record."),
    known("share.coordinator.state.topic.replication.factor", int16, "3", at_least(1),
          "Replicas of the share groups' state."),
    known("share.coordinator.state.topic.min.isr", int16, "2", at_least(1),
          "In-sync replicas of the share groups' state."),
    known("share.coordinator.state.topic.num.partitions", int32, "50", at_least(1),
          "Partitions of the share groups' state."),
    known("transaction.state.log.num.partitions", int32, "50", at_least(1),
          "Partitions of the transactions' state."),
    known("transaction.state.log.replication.factor", int16, "3", at_least(1),
          "Replicas of the transactions' state."),
    known("transaction.state.log.min.isr", int32, "2", at_least(1),
          "In-sync replicas of the transactions' state."),
    known("transaction.state.log.segment.bytes", int32, "104857600", at_least(1),
          "Segment size of the transactions' state."),
    known("transaction.max.timeout.ms", int32, "900000", at_least(1), "Longest transaction."),
    known("transactional.id.expiration.ms", int32, "604800000", at_least(1),
          "When an unused transactional id is forgotten."),
    known("transaction.partition.verification.enable", boolean, "true", any,
          "Whether partitions check that a transaction names them."),
    known("controlled.shutdown.enable", boolean, "true", any,
          "Whether a stopping broker hands leadership over first."),
    known("controlled.shutdown.max.retries", int32, "3", any, "How often the hand-over is tried."),
    known("controlled.shutdown.retry.backoff.ms", int64, "5000", any, "Pause between these tries."),
    known("broker.heartbeat.interval.ms", int32, "2000", any, "Heartbeats from brokers to the controller."),
    known("broker.session.timeout.ms", int32, "9000", any, "A broker silent for so long is taken for dead."),
    known("initial.broker.registration.timeout.ms", int32, "60000", any,
          "How long a starting broker tries to register."),
    known("metadata.log.segment.bytes", int32, "1073741824", at_least(8388608),
          "Segment size of the metadata log."),
    known("metadata.log.max.record.bytes.between.snapshots", int64, "20971520", at_least(1),
          "Bytes of metadata between snapshots."),
    known("metadata.log.max.snapshot.interval.ms", int64, "3600000", at_least(0), "Time between snapshots."),
    known("metadata.max.retention.bytes", int64, "104857600", any, "Size at which old metadata is deleted."),
    known("metadata.max.idle.interval.ms", int32, "500", at_least(0),
          "How often an idle controller writes a no-op."),
    known("super.users", string, nullptr, any, "Principals that may do everything."),
    known("allow.everyone.if.no.acl.found", boolean, "false", any,
          "Whether a resource without ACLs is open to all."),
    known("ssl.principal.mapping.rules", string, "DEFAULT", any, "How certificate names become principals."),
    known("sasl.kerberos.principal.to.local.rules", list, "DEFAULT", any,
          "How Kerberos names become principals."),
    known("sasl.enabled.mechanisms", list, "GSSAPI", any, "SASL mechanisms that are served."),
    known("sasl.mechanism.inter.broker.protocol", string, "GSSAPI", any, "SASL mechanism between brokers."),
    known("sasl.mechanism.controller.protocol", string, "GSSAPI", any, "SASL mechanism towards controllers."),
    known("sasl.server.max.receive.size", int32, "524288", any, "Largest SASL message."),
    known("sasl.jaas.config", password, nullptr, any, "Login of SASL."),
    known("ssl.client.auth", string, "none", one_of("none requested required"),
          "Whether clients show a certificate."),
    known("ssl.keystore.type", string, "JKS", any, "Format of the key store."),
    known("ssl.keystore.location", string, nullptr, any, "File of the key store."),
    known("ssl.keystore.password", password, nullptr, any, "Password of the key store."),
    known("ssl.keystore.key", password, nullptr, any, "Private key as PEM text."),
    known("ssl.keystore.certificate.chain", password, nullptr, any, "Certificates as PEM text."),
    known("ssl.key.password", password, nullptr, any, "Password of the private key."),
    known("ssl.truststore.type", string, "JKS", any, "Format of the trust store."),
    known("ssl.truststore.location", string, nullptr, any, "File of the trust store."),
    known("ssl.truststore.password", password, nullptr, any, "Password of the trust store."),
    known("ssl.truststore.certificates", password, nullptr, any, "Trusted certificates as PEM text."),
    known("ssl.enabled.protocols", list, "TLSv1.2,TLSv1.3", any, "TLS versions that are served."),
    known("ssl.protocol", string, "TLSv1.3", any, "Preferred TLS version."),
    known("ssl.cipher.suites", list, nullptr, any, "Cipher suites that are allowed."),
    known("ssl.endpoint.identification.algorithm", string, "https", any,
          "How host names are compared with certificates."),
    known("delegation.token.secret.key", password, nullptr, any,
          "Secret from which delegation tokens are made."),
    known("delegation.token.max.lifetime.ms", int64, "604800000", at_least(1),
          "Longest life of a delegation token."),
    known("delegation.token.expiry.time.ms", int64, "86400000", at_least(1),
          "Life of a delegation token between renewals."),
    known("quota.window.num", int32, "11", at_least(1), "Windows over which client quotas are measured."),
    known("quota.window.size.seconds", int32, "1", at_least(1), "Length of such a window."),
    known("replication.quota.window.num", int32, "11", at_least(1), "Windows of replication quotas."),
    known("replication.quota.window.size.seconds", int32, "1", at_least(1), "Length of such a window."),
    known("controller.quota.window.num", int32, "11", at_least(1), "Windows of controller quotas."),
    known("controller.quota.window.size.seconds", int32, "1", at_least(1), "Length of such a window."),
    known("alter.log.dirs.replication.quota.window.num", int32, "11", at_least(1),
          "Windows of quotas for moves between directories."),
    known("alter.log.dirs.replication.quota.window.size.seconds", int32, "1", at_least(1),
          "Length of such a window."),
    known("remote.log.storage.system.enable", boolean, "false", any,
          "Tiered storage, which does not exist here yet."),
    java("replica.selector.class",
         any_of_list("org.apache.kafka.common.replica.RackAwareReplicaSelector "
                     "org.apache.kafka.common.replica.LeaderSelector"),
         "Chooses the replica that a consumer reads from."),
    java("authorizer.class.name", any, "Decides who may do what."),
    java("principal.builder.class", any, "Makes principals from connections."),
    java("create.topic.policy.class.name", any, "Refuses topics."),
    java("alter.config.policy.class.name", any, "Refuses changes of configuration."),
    java("metric.reporters", any_of_list("org.apache.kafka.common.metrics.JmxReporter"),
         "Report metrics; here /metrics does."),
    java("client.quota.callback.class", any, "Decides quotas."),
    java("sasl.server.callback.handler.class", any, "Checks SASL logins."),
    java("sasl.login.callback.handler.class", any, "Makes SASL logins."),
    java("ssl.engine.factory.class", any, "Makes TLS engines."),
    java("remote.log.storage.manager.class.name", any, "Stores segments elsewhere."),
};

const removed_key removed_keys[] = {
    {"zookeeper.", "there is no ZooKeeper; the node keeps its metadata itself"},
    {"password.encoder.", "it protected passwords in ZooKeeper, which is gone"},
    {"inter.broker.protocol.version", "brokers agree on versions by themselves"},
    {"log.message.format.version", "records are always stored in format 2"},
    {"log.message.timestamp.difference.max.ms",
     "log.message.timestamp.before.max.ms and log.message.timestamp.after.max.ms took its place"},
    {"broker.id.generation.enable", "set node.id"},
    {"reserved.broker.max.id", "set node.id"},
    {"control.plane.listener.name", "controllers have listeners of their own"},
    {"offsets.commit.required.acks", "offsets are always committed with acks=all"},
    {"delegation.token.master.key", "it is called delegation.token.secret.key"},
    {"log4j", "barnabas.log.level says what is logged"},
    {"kafka.metrics.reporters", "metrics are on the page /metrics"},
    {"auto.include.jmx.reporter", "metrics are on the page /metrics"},
    {"advertised.host.name", "set advertised.listeners"},
    {"advertised.port", "set advertised.listeners"},
    {"host.name", "set listeners"},
    {"port", "set listeners"},
};

} // namespace

std::span<const broker_key> accepted_broker_keys() {
    return keys;
}

std::span<const removed_key> removed_broker_keys() {
    return removed_keys;
}

const broker_key* find_broker_key(std::string_view name) {
    for (const auto table : {used_broker_keys(), accepted_broker_keys()})
        for (const auto& key : table)
            if (key.name == name)
                return &key;
    return nullptr;
}

const removed_key* find_removed_key(std::string_view name) {
    for (const auto& key : removed_keys) {
        const bool whole_family = key.name.ends_with('.');
        if (whole_family ? name.starts_with(key.name) : name == key.name)
            return &key;
    }
    return nullptr;
}

} // namespace barnabas
