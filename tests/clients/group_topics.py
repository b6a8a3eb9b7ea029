"""What checks of groups need beside members: topics, records, and what a group has committed as librdkafka sees it."""

import functools

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from checks import expect_equal, until

NOTHING_COMMITTED = -1001


def numbered(first, count):
    return [f'{number:05d}' for number in range(first, first + count)]


def create(broker, name, partitions):
    client = AdminClient({'bootstrap.servers': broker.bootstrap, 'log_level': 0})
    for future in client.create_topics([NewTopic(name, partitions, 1)]).values():
        future.result(20)
    # It asks for a topic that it does not know once a second only.
    producer(broker.bootstrap).list_topics(name, 20)


@functools.cache
def producer(bootstrap):
    """One for all checks: an idempotent producer takes half a second to begin."""
    return Producer({'bootstrap.servers': bootstrap, 'enable.idempotence': True, 'linger.ms': 1,
                     'reconnect.backoff.max.ms': 500, 'log_level': 0})


def send(broker, topic, values, partitions):
    """Spreads the values over the partitions, one after the other; `partitions` is their number or a list."""
    places = list(range(partitions)) if isinstance(partitions, int) else partitions
    sender = producer(broker.bootstrap)
    for number, value in enumerate(values):
        sender.produce(topic, value, partition=places[number % len(places)])
    expect_equal(sender.flush(30), 0, 'records without an answer')


class Committed:
    """The committed offsets of one group and topic, seen by a consumer that is no member."""

    def __init__(self, broker, group, topic, partitions):
        self.places = [TopicPartition(topic, index) for index in range(partitions)]
        self.reader = Consumer({'bootstrap.servers': broker.bootstrap, 'group.id': group, 'log_level': 0})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.reader.close()

    def now(self):
        found = self.reader.committed(self.places, timeout=20)
        expect_equal([one.error for one in found], [None] * len(found), 'errors of the partitions')
        return [one.offset for one in found]

    def commit(self, offsets):
        places = [TopicPartition(place.topic, place.partition, offset) for place, offset in zip(self.places, offsets)]
        self.reader.commit(offsets=places, asynchronous=False)

    def wait(self, offsets, seconds=15.0):
        until(lambda: self.now() == offsets, f'committed offsets {offsets}', seconds)


def committed(broker, group, topic, partitions):
    with Committed(broker, group, topic, partitions) as reader:
        return reader.now()


def wait_until_committed(broker, group, topic, offsets):
    with Committed(broker, group, topic, len(offsets)) as reader:
        reader.wait(offsets)
