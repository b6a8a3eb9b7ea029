"""A member of a consumer group: `python_member.py confluent|kafka-python SETTINGS`, where the settings are JSON.

It writes {"owned": [partition...]} and {"got": [[partition, offset, value]...]} and reads {"id", "do", "with"} lines, which
it answers with {"id", "value"} or {"id", "error"}. When its input ends, it ends.
"""

import json
import queue
import sys
import threading


def tell(**what):
    print(json.dumps(what), flush=True)


class Confluent:
    def __init__(self, settings):
        from confluent_kafka import Consumer
        self.topic, self.owned = settings['topic'], set()
        self.consumer = Consumer({
            'bootstrap.servers': settings['bootstrap'], 'group.id': settings['group'], 'auto.offset.reset': 'earliest',
            'session.timeout.ms': settings['session_ms'], 'heartbeat.interval.ms': settings['heartbeat_ms'],
            'auto.commit.interval.ms': 100, 'reconnect.backoff.max.ms': 500})
        self.consumer.subscribe([self.topic], on_assign=self.assigned, on_revoke=self.revoked, on_lost=self.revoked)

    def assigned(self, _, places):
        self.owned |= {one.partition for one in places}
        tell(owned=sorted(self.owned))

    def revoked(self, _, places):
        self.owned -= {one.partition for one in places}
        tell(owned=sorted(self.owned))

    def poll(self):
        """One by one: librdkafka 2.0.2 drops what it was about to return from `consume` when a rebalance comes in between,
        and commits it all the same. An error is a connection that broke, or the like; it goes on by itself."""
        got, message = [], self.consumer.poll(0.05)
        while message is not None and len(got) < 500:
            if not message.error():
                got.append((message.partition(), message.offset(), message.value().decode()))
            message = self.consumer.poll(0)
        return got

    def leave(self, _):
        self.consumer.close()


class KafkaPython:
    def __init__(self, settings):
        from kafka import ConsumerRebalanceListener, KafkaConsumer

        class Listener(ConsumerRebalanceListener):
            def on_partitions_revoked(self, _):
                tell(owned=[])

            def on_partitions_assigned(self, assigned):
                tell(owned=sorted(one.partition for one in assigned))

        self.topic, self.auto_commit = settings['topic'], settings.get('auto_commit', True)
        version = settings.get('api_version')
        self.consumer = KafkaConsumer(
            bootstrap_servers=settings['bootstrap'], group_id=settings['group'], auto_offset_reset='earliest',
            session_timeout_ms=settings['session_ms'], heartbeat_interval_ms=settings['heartbeat_ms'],
            enable_auto_commit=self.auto_commit, auto_commit_interval_ms=100, metadata_max_age_ms=2000,
            reconnect_backoff_max_ms=500, api_version=tuple(version) if version else None)
        self.consumer.subscribe([self.topic], listener=Listener())

    def poll(self):
        return [(one.partition, one.offset, one.value.decode()) for records in self.consumer.poll(timeout_ms=50).values()
                for one in records]

    def place(self, partition):
        from kafka import TopicPartition
        return TopicPartition(self.topic, partition)

    def commit(self, offsets):
        """Each is [partition, offset, metadata]."""
        from kafka import OffsetAndMetadata
        self.consumer.commit({self.place(partition): OffsetAndMetadata(offset, metadata)
                              for partition, offset, metadata in offsets})

    def committed(self, partitions):
        """What the broker says, not what this client remembers of its own commits."""
        found = self.consumer._coordinator.fetch_committed_offsets([self.place(one) for one in partitions])
        return sorted([place.partition, one.offset, one.metadata] for place, one in found.items())

    def leave(self, _):
        self.consumer.close(autocommit=self.auto_commit)


def do(client, line):
    told = json.loads(line)
    try:
        tell(id=told['id'], value=getattr(client, told['do'])(told['with']))
    except Exception as why:  # noqa: whatever a client raises is its answer
        tell(id=told['id'], error=f'{type(why).__name__}: {why}')
    return told['do'] != 'leave'


def read(lines, into):
    for line in lines:
        into.put(line)
    into.put(None)


def main():
    name, settings = sys.argv[1:]
    client = {'confluent': Confluent, 'kafka-python': KafkaPython}[name](json.loads(settings))
    orders = queue.Queue()
    threading.Thread(target=read, args=(sys.stdin, orders), daemon=True).start()
    while True:
        got = client.poll()
        if got:
            tell(got=got)
        while not orders.empty():
            line = orders.get()
            if line is None or not do(client, line):
                return


if __name__ == '__main__':
    main()
