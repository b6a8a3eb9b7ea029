"""What a member does between joining and leaving, by librdkafka: pausing, seeking, committing in each of its ways, storing
offsets, starting at a time, assigning by hand, and positions."""

import ctypes
import functools

try:
    from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
    from kafka import KafkaConsumer, TopicPartition as OldPlace
except ImportError:
    print('SKIP confluent_groups: the Python modules confluent_kafka and kafka are not installed')
    raise SystemExit(0) from None

from broker import Broker
from checks import check, expect, expect_equal, main, until
from group_topics import NOTHING_COMMITTED, Committed, committed, create, numbered, send, wait_until_committed
from librdkafka import Place, Places, load

broker = Broker({'group.initial.rebalance.delay.ms': 0, 'offsets.topic.num.partitions': 5,
                 'group.min.session.timeout.ms': 500})
topic = functools.partial(create, broker)
NO_POSITION = -1001


class Reader:
    """A consumer that remembers what it got; without a topic it joins no group and is assigned by hand."""

    def __init__(self, group, subscribed=None, **settings):
        self.got, self.owned, self.commits = [], set(), []
        self.consumer = Consumer({'bootstrap.servers': broker.bootstrap, 'group.id': group, 'auto.offset.reset': 'earliest',
                                  'log_level': 0, 'session.timeout.ms': 10000, 'heartbeat.interval.ms': 300, 'enable.auto.commit': False,
                                  'on_commit': lambda error, places: self.commits.append((error, places)),
                                  **{key.replace('_', '.'): value for key, value in settings.items()}})
        if subscribed:
            self.consumer.subscribe([subscribed], on_assign=self.assigned, on_revoke=self.revoked)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.consumer.close()

    def assigned(self, _, places):
        self.owned |= {one.partition for one in places}

    def revoked(self, _, places):
        self.owned -= {one.partition for one in places}

    def poll(self, limit=500):
        """One by one: `consume` of librdkafka 2.0.2 drops records when a pause or a rebalance comes in between."""
        message = self.consumer.poll(0.02)
        while message is not None:
            expect(not message.error(), message.error())
            self.got.append((message.partition(), message.offset(), message.value().decode()))
            limit -= 1
            message = self.consumer.poll(0) if limit else None

    def poll_until(self, condition, what, seconds=15.0):
        def step():
            self.poll()
            return condition()
        until(step, what, seconds, 0)

    def values(self, partition=None):
        return [value for at, _, value in self.got if partition in (None, at)]

    def read(self, values):
        """Exactly these are all that it has read when as many have come."""
        self.poll_until(lambda: len(self.got) >= len(values), f'{len(values)} records')
        expect_equal(sorted(self.values()), sorted(values), 'records')

    def positions(self, places):
        return [one.offset for one in self.consumer.position(places)]


def places(name, *offsets):
    return [TopicPartition(name, index, offset) for index, offset in enumerate(offsets)]


def code_of(action):
    """The error that a call of librdkafka raises, or nothing."""
    try:
        action()
    except KafkaException as problem:
        return problem.args[0].code()
    return None


@check
def paused_partition_is_silent_while_the_others_are_read():
    topic('paused', 2)
    with Reader('pausing', 'paused') as reader:
        send(broker, 'paused', numbered(0, 40), 2)
        reader.read(numbered(0, 40))
        reader.consumer.pause([TopicPartition('paused', 0)])
        send(broker, 'paused', numbered(40, 40), 2)
        # What is sent behind the records of the paused partition, and read, tells that those had their time.
        for first in (80, 100):
            send(broker, 'paused', numbered(first, 20), [1])
            reader.poll_until(lambda: reader.values(1)[-1] == f'{first + 19:05d}', 'the other partition is read')
        expect_equal((len(reader.values(0)), len(reader.values(1))), (20, 80), 'records of the paused one and of the other')
        reader.consumer.resume([TopicPartition('paused', 0)])
        reader.read(numbered(0, 120))
        reader.consumer.commit(asynchronous=False)
        expect_equal(committed(broker, 'pausing', 'paused', 2), [40, 80], 'committed offsets')


@check
def paused_member_stays_in_its_group_and_keeps_its_place():
    topic('long-paused', 2)
    with Reader('long-pausing', 'long-paused', session_timeout_ms=1000) as reader:
        send(broker, 'long-paused', numbered(0, 20), 2)
        reader.read(numbered(0, 20))
        reader.consumer.commit(asynchronous=False)
        everything = reader.consumer.assignment()
        reader.consumer.pause(everything)
        # Another member comes and goes: who is paused is asked to share, and gets back what it had.
        with Reader('long-pausing', 'long-paused', session_timeout_ms=1000) as other:
            def shared():
                reader.poll()
                other.poll()
                return len(reader.owned) == 1 and len(other.owned) == 1
            until(shared, 'one partition each')
        reader.poll_until(lambda: len(reader.owned) == 2, 'it has both again')
        reader.consumer.resume(reader.consumer.assignment())
        send(broker, 'long-paused', numbered(20, 20), 2)
        reader.read(numbered(0, 40))


@check
def seeking_goes_back_and_forwards():
    topic('sought', 2)
    with Reader('seeking', 'sought') as reader:
        send(broker, 'sought', numbered(0, 60), 2)
        reader.read(numbered(0, 60))
        reader.got.clear()
        reader.consumer.seek(TopicPartition('sought', 0, 25))
        reader.consumer.seek(TopicPartition('sought', 1, 30))
        reader.read(numbered(50, 10)[0::2])
        reader.consumer.pause([TopicPartition('sought', 0)])
        send(broker, 'sought', numbered(60, 20), [0])
        reader.consumer.seek(TopicPartition('sought', 0, 45))
        reader.consumer.resume([TopicPartition('sought', 0)])
        reader.got.clear()
        reader.read(numbered(75, 5))


@check
def a_place_beyond_the_log_is_reset():
    topic('beyond', 1)
    send(broker, 'beyond', numbered(0, 10), 1)
    with Reader('beyond') as reader:
        reader.consumer.assign(places('beyond', 1000))
        reader.read(numbered(0, 10))
    with Reader('beyond', auto_offset_reset='error') as reader:
        reader.consumer.assign(places('beyond', 1000))
        message = until(lambda: reader.consumer.poll(0.1), 'an answer')
        expect_equal(message.error() and message.error().code(), KafkaError._AUTO_OFFSET_RESET, 'error')


@check
def synchronous_commits_are_seen_when_they_return():
    topic('at-once', 3)
    send(broker, 'at-once', numbered(0, 30), 3)
    with Reader('at-once', 'at-once') as reader, Committed(broker, 'at-once', 'at-once', 3) as seen:
        reader.read(numbered(0, 30))
        expect_equal(seen.now(), [NOTHING_COMMITTED] * 3, 'offsets before a commit')
        for first, second in ((1, 2), (7, 8), (4, 3)):
            answer = reader.consumer.commit(offsets=places('at-once', first, second), asynchronous=False)
            expect_equal([(one.partition, one.offset, one.error) for one in answer], [(0, first, None), (1, second, None)],
                         'answer')
            expect_equal(seen.now(), [first, second, NOTHING_COMMITTED], 'committed offsets')
        reader.consumer.commit(asynchronous=False)
        expect_equal(seen.now(), [10, 10, 10], 'committed positions')


@check
def asynchronous_commits_tell_their_callback():
    topic('later', 2)
    send(broker, 'later', numbered(0, 40), 2)
    with Reader('later', 'later') as reader:
        reader.read(numbered(0, 40))
        for offset in range(1, 21):
            reader.consumer.commit(offsets=places('later', offset, 21 - offset), asynchronous=True)
        reader.poll_until(lambda: len(reader.commits) == 20, 'twenty answers')
        expect_equal([error for error, _ in reader.commits], [None] * 20, 'errors')
        expect_equal([[one.offset for one in seen] for _, seen in reader.commits],
                     [[offset, 21 - offset] for offset in range(1, 21)], 'offsets in the order they were committed')
        expect_equal(committed(broker, 'later', 'later', 2), [20, 1], 'committed offsets')


@check
def commits_of_who_is_no_member_are_refused_while_members_live():
    topic('guarded', 1)
    send(broker, 'guarded', numbered(0, 10), 1)
    with Reader('guarding', 'guarded') as member, Reader('guarding') as stranger:
        member.read(numbered(0, 10))
        member.consumer.commit(asynchronous=False)
        stranger.consumer.assign(places('guarded', 0))
        refused = code_of(lambda: stranger.consumer.commit(offsets=places('guarded', 3), asynchronous=False))
        expect_equal(refused, KafkaError.UNKNOWN_MEMBER_ID, 'error of a stranger')
        stranger.consumer.commit(offsets=places('guarded', 3), asynchronous=True)
        stranger.poll_until(lambda: stranger.commits, 'an answer')
        error, seen = stranger.commits[0]
        codes = {one.code() for one in (error, seen[0].error) if one is not None}
        expect_equal(codes, {KafkaError.UNKNOWN_MEMBER_ID}, 'error told to the callback')
        expect_equal(committed(broker, 'guarding', 'guarded', 1), [10], 'committed offset')
        member.consumer.unsubscribe()
        member.poll_until(lambda: not member.owned, 'it has left')
        until(lambda: code_of(lambda: stranger.consumer.commit(offsets=places('guarded', 3), asynchronous=False)) is None,
              'a group without members is open')
        expect_equal(committed(broker, 'guarding', 'guarded', 1), [3], 'committed offset then')


@check
def stored_offsets_alone_are_committed_automatically():
    topic('stored', 2)
    send(broker, 'stored', numbered(0, 40), 2)
    settings = {'enable_auto_commit': True, 'enable_auto_offset_store': False, 'auto_commit_interval_ms': 50}
    with Reader('storing', 'stored', **settings) as reader:
        reader.read(numbered(0, 40))
        reader.consumer.store_offsets(offsets=places('stored', 4))
        wait_until_committed(broker, 'storing', 'stored', [4, NOTHING_COMMITTED])
        reader.consumer.store_offsets(offsets=places('stored', 9, 6))
        # Closing commits what is stored, without waiting for the interval.
    expect_equal(committed(broker, 'storing', 'stored', 2), [9, 6], 'committed offsets')
    with Reader('storing', 'stored', **settings) as reader:
        reader.read(numbered(0, 40)[18::2] + numbered(0, 40)[13::2])
    expect_equal(committed(broker, 'storing', 'stored', 2), [9, 6], 'offsets when nothing was stored')


@check
def reading_starts_at_a_time():
    topic('timed', 2)
    start = 1600000000000
    sender = Producer({'bootstrap.servers': broker.bootstrap, 'log_level': 0})
    for number, value in enumerate(numbered(0, 60)):
        sender.produce('timed', value, partition=number % 2, timestamp=start + number * 1000)
    expect_equal(sender.flush(20), 0, 'records without an answer')
    with Reader('timing') as reader:
        for second, offsets in ((0, [0, 0]), (21, [11, 10]), (22, [11, 11]), (59, [-1, 29]), (60, [-1, -1])):
            found = reader.consumer.offsets_for_times(places('timed', *[start + second * 1000] * 2), timeout=20)
            expect_equal([one.offset for one in found], offsets, f'offsets of second {second}')
        found = reader.consumer.offsets_for_times(places('timed', *[start + 40500] * 2), timeout=20)
        reader.consumer.assign(found)
        reader.read(numbered(41, 19))


@check
def assigning_by_hand_adds_and_takes_away():
    topic('by-hand', 3)
    send(broker, 'by-hand', numbered(0, 30), 3)
    first, second, third = places('by-hand', 0, 4, 0)
    with Reader('by-hand') as reader:
        reader.consumer.incremental_assign([first])
        reader.read(numbered(0, 30)[0::3])
        reader.consumer.incremental_assign([second])
        reader.poll_until(lambda: len(reader.values(1)) >= 6, 'the second from its fifth record on')
        reader.consumer.incremental_unassign([first])
        reader.consumer.incremental_assign([third])
        send(broker, 'by-hand', numbered(30, 30), 3)
        reader.poll_until(lambda: len(reader.values(2)) >= 20 and len(reader.values(1)) >= 16, 'the others')
        expect_equal(sorted(one.partition for one in reader.consumer.assignment()), [1, 2], 'assignment')
        expect_equal([len(reader.values(index)) for index in range(3)], [10, 16, 20], 'records')
        reader.consumer.incremental_assign(places('by-hand', 10))
        reader.read(sorted(numbered(0, 60)[0::3] + numbered(0, 60)[13::3] + numbered(0, 60)[2::3]))


@check
def positions_follow_reading_and_not_committing():
    topic('positions', 2)
    send(broker, 'positions', numbered(0, 20), [0])
    both = places('positions', 0, 0)
    with Reader('positions') as reader:
        reader.consumer.assign(both)
        expect_equal(reader.positions(both), [NO_POSITION] * 2, 'positions before reading')
        until(lambda: reader.poll(1) or len(reader.got) == 7, 'seven records')
        expect_equal(reader.positions(both), [7, NO_POSITION], 'positions')
        reader.consumer.commit(offsets=places('positions', 3), asynchronous=False)
        expect_equal(reader.positions(both), [7, NO_POSITION], 'positions after a commit')
        seen = reader.consumer.committed([*both, TopicPartition('positions', 77), TopicPartition('no-such-topic', 0)],
                                         timeout=20)
        expect_equal([(one.topic, one.partition, one.offset) for one in seen],
                     [('positions', 0, 3), ('positions', 1, NOTHING_COMMITTED), ('positions', 77, NOTHING_COMMITTED),
                      ('no-such-topic', 0, NOTHING_COMMITTED)], 'committed offsets')
        reader.read(numbered(0, 20))
        expect_equal(reader.positions(both), [20, NO_POSITION], 'positions at the end')


COMMITTED = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(Places), ctypes.c_void_p)


class Plain:
    """librdkafka's C interface: its Python module of this version knows no metadata of commits."""

    CONSUMER = 1

    def __init__(self, group):
        self.lib = load()
        conf = ctypes.c_void_p(self.lib.rd_kafka_conf_new())
        for key, value in {'bootstrap.servers': broker.bootstrap, 'group.id': group, 'log_level': '0'}.items():
            self.lib.rd_kafka_conf_set(conf, key.encode(), value.encode(), None, ctypes.c_size_t(0))
        self.client = ctypes.c_void_p(self.lib.rd_kafka_new(self.CONSUMER, conf, None, ctypes.c_size_t(0)))
        self.libc = ctypes.CDLL(None)
        self.libc.strdup.restype = ctypes.c_void_p

    def close(self):
        self.lib.rd_kafka_destroy(self.client)

    def list(self, name, offsets):
        """`offsets`: (offset, metadata) of each partition. librdkafka frees the metadata with the list."""
        made = self.lib.rd_kafka_topic_partition_list_new(len(offsets))
        for index, (offset, metadata) in enumerate(offsets):
            self.lib.rd_kafka_topic_partition_list_add(made, name.encode(), index)
            place = made.contents.all[index]
            place.offset = offset
            if metadata is not None:
                place.metadata, place.metadata_size = self.libc.strdup(metadata), len(metadata)
        return made

    def commit(self, name, offsets):
        """The error of each partition; librdkafka calls back before it returns."""
        errors = []

        @COMMITTED
        def take(_client, _error, answer, _opaque):
            errors.extend(answer.contents.all[index].error for index in range(answer.contents.count))
        made = self.list(name, offsets)
        self.lib.rd_kafka_commit_queue(self.client, made, None, take, None)
        self.lib.rd_kafka_topic_partition_list_destroy(made)
        return errors

    def committed(self, name, partitions):
        made = self.list(name, [(0, None)] * partitions)
        try:
            expect_equal(self.lib.rd_kafka_committed(self.client, made, 20000), 0, 'error of the question')
            return [told(made.contents.all[index]) for index in range(partitions)]
        finally:
            self.lib.rd_kafka_topic_partition_list_destroy(made)


def told(place: Place):
    return place.offset, ctypes.string_at(place.metadata, place.metadata_size) if place.metadata else None


@check
def metadata_of_commits_is_kept():
    topic('noted', 3)
    client = Plain('noting')
    note, longest = 'größer als drei'.encode(), b'x' * 4096
    too_large = 12  # OFFSET_METADATA_TOO_LARGE
    try:
        expect_equal(client.commit('noted', [(5, note), (6, None), (7, longest)]), [0, 0, 0], 'errors')
        expect_equal(client.committed('noted', 3), [(5, note), (6, None), (7, longest)], 'offsets and metadata')
        # One byte too many: librdkafka tells all partitions the error of one, but the broker refuses that one alone.
        expect_equal(client.commit('noted', [(8, b''), (9, longest + b'x')])[1], too_large, 'error')
        expect_equal(client.committed('noted', 2), [(8, None), (6, None)], 'offsets then')
        broker.kill()
        broker.start()
        expect_equal(client.committed('noted', 3), [(8, None), (6, None), (7, longest)], 'after a restart')
    finally:
        client.close()
    old = KafkaConsumer(bootstrap_servers=broker.bootstrap, group_id='noting')
    try:
        expect_equal(old.committed(OldPlace('noted', 2), metadata=True), (7, longest.decode()), 'what kafka-python reads')
    finally:
        old.close()


if __name__ == '__main__':
    broker.start()
    main('confluent_groups', broker.discard)
