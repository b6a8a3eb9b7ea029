"""The __consumer_offsets of Kafka's own data directories (../shared/kafka-data), opened by a broker and asked over the wire."""

import base64
import functools
import gzip
import json
import os
import shutil
import struct
import subprocess
import tempfile
import time

try:
    from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
except ImportError:
    print('SKIP kafka_groups: the Python module kafka is not installed')
    raise SystemExit(0) from None

from broker import ROOT, Broker
from checks import Skip, check, expect, expect_equal, main, until

SHARED = os.environ.get('BARNABAS_SHARED', os.path.join(ROOT, '..', 'shared'))
KAFKA = os.path.join(SHARED, 'kafka-data')
PARTITIONS = 4
OVERRIDES = {'offsets.topic.num.partitions': PARTITIONS, 'offsets.retention.minutes': 2147483647}
home = tempfile.mkdtemp(prefix='barnabas-kafka-groups-')


class Bytes:
    """Reads the fields of a record's key or value."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def number(self, kind):
        size = struct.calcsize('>' + kind)
        self.at += size
        return struct.unpack_from('>' + kind, self.data, self.at - size)[0]

    def raw(self, length):
        if length < 0:
            return None
        self.at += length
        return self.data[self.at - length:self.at]

    def text(self):
        found = self.raw(self.number('h'))
        return None if found is None else found.decode()

    def long_raw(self):
        return self.raw(self.number('i'))


def assignment_of(data):
    """{(topic, partition)} of a consumer's assignment."""
    read = Bytes(data)
    read.number('h')
    places = set()
    for _ in range(read.number('i')):
        topic = read.text()
        places |= {(topic, read.number('i')) for _ in range(read.number('i'))}
    return places


class Group:
    def __init__(self):
        self.recorded, self.offsets = False, {}
        self.protocol_type, self.protocol, self.members, self.session_ms = '', '', {}, 0

    def describe(self, value):
        read = Bytes(value)
        version = read.number('h')
        self.recorded, self.protocol_type = True, read.text()
        read.number('i')
        self.protocol, _ = read.text() or '', read.text()
        if version >= 2:
            read.number('q')
        self.members = {}
        for _ in range(read.number('i')):
            member = read.text()
            if version >= 3:
                read.text()
            client, host = read.text(), read.text()
            if version >= 1:
                read.number('i')
            self.session_ms = read.number('i')
            read.long_raw()
            self.members[member] = (client, host, assignment_of(read.long_raw()))


def apply(groups, record):
    key, value = Bytes(base64.b64decode(record['key'])), record['value']
    kind, name = key.number('h'), key.text()
    group = groups.setdefault(name, Group())
    if kind == 2 and value is None:
        offsets, groups[name] = group.offsets, Group()
        groups[name].offsets = offsets
    elif kind == 2:
        group.describe(base64.b64decode(value))
    else:
        place = (key.text(), key.number('i'))
        if value is None:
            group.offsets.pop(place, None)
            return
        read = Bytes(base64.b64decode(value))
        version, offset = read.number('h'), read.number('q')
        if version >= 3:
            read.number('i')
        group.offsets[place] = (offset, read.text())


def told_groups(directory):
    """What Kafka's records say: the last of each key counts, those of transactions when they are committed."""
    groups, counts = {}, {}
    source = directory if directory.startswith('cluster') else 'unclean'
    if directory == 'clean':
        with open(os.path.join(KAFKA, 'expected/clean/prefix-of-unclean.json'), encoding='utf-8') as text:
            counts = {name: one['records'] for name, one in json.load(text).items()}
    for index in range(PARTITIONS):
        name, transactions = f'__consumer_offsets-{index}', {}
        with gzip.open(os.path.join(KAFKA, 'expected', source, 'records', f'{name}.jsonl.gz'), 'rt') as lines:
            records = [json.loads(line) for line in lines][:counts.get(name)]
        for record in records:
            if record['control']:
                ended = transactions.pop(record['producerId'], [])
                if record['controlType'].upper() == 'COMMIT':
                    for one in ended:
                        apply(groups, one)
            elif record['transactional']:
                transactions.setdefault(record['producerId'], []).append(record)
            else:
                apply(groups, record)
    return {name: group for name, group in groups.items() if group.recorded or group.offsets}


@functools.cache
def made_directory():
    """A data directory of ours, whose __consumer_offsets is still empty."""
    path = os.path.join(home, 'ours')
    with Broker(OVERRIDES, data_dir=path) as broker:
        asker = KafkaConsumer(bootstrap_servers=broker.bootstrap, group_id='asker')
        until(lambda: asker.committed(TopicPartition('none', 0)) is None, 'the topic is made')
        asker.close(autocommit=False)
        until(lambda: all(os.path.isdir(os.path.join(path, f'__consumer_offsets-{index}')) for index in range(PARTITIONS)),
              'its partitions are there')
        broker.kill()
    return path


def directory_with(name):
    """Kafka's logs in the place of ours; the files that say whose partition it is stay."""
    script = os.path.join(KAFKA, 'unpack.sh')
    unpacked, data = os.path.join(home, 'kafka-' + name), os.path.join(home, 'data-' + name)
    subprocess.run(['sh', script, name, unpacked], check=True, capture_output=True, timeout=60)
    shutil.copytree(made_directory(), data)
    for index in range(PARTITIONS):
        source, target = (os.path.join(one, f'__consumer_offsets-{index}') for one in (unpacked, data))
        for file in os.listdir(target):
            if file != 'partition.metadata':
                os.remove(os.path.join(target, file))
        for file in os.listdir(source):
            if file != 'partition.metadata':
                shutil.copy(os.path.join(source, file), target)
    shutil.rmtree(unpacked)
    return data


def members_of(description):
    return {one.member_id: (one.client_id, one.client_host,
                            {(topic, index) for topic, places in one.member_assignment.assignment for index in places})
            for one in description.members}


def expect_groups(name):
    if not os.path.exists(os.path.join(KAFKA, 'unpack.sh')):
        raise Skip('the shared Kafka directories are absent (BARNABAS_SHARED names their folder)')
    told = told_groups(name)
    expect(len(told) >= 5, f'only {len(told)} groups are told')
    with Broker(OVERRIDES, data_dir=directory_with(name)) as broker:
        began = time.monotonic()
        tool = KafkaAdminClient(bootstrap_servers=broker.bootstrap)
        seen = {one.group: one for one in tool.describe_consumer_groups(sorted(told))}
        passed = time.monotonic() - began
        for group, one in told.items():
            # Members that nobody plays are gone after their session; the broker began it before it was ready.
            if one.members and passed * 1000 > one.session_ms / 2:
                continue
            expect_equal(seen[group].state, 'Stable' if one.members else 'Empty', f'{group}: state')
            expect_equal((seen[group].protocol_type, seen[group].protocol), (one.protocol_type, one.protocol),
                         f'{group}: protocol')
            expect_equal(members_of(seen[group]), one.members, f'{group}: members')
        for group, one in told.items():
            offsets = tool.list_consumer_group_offsets(group)
            expect_equal({(place.topic, place.partition): (value.offset, value.metadata)
                          for place, value in offsets.items()}, one.offsets, f'{group}: offsets')
        expect_equal({listed for listed, _ in tool.list_consumer_groups()}, set(told), 'groups that are listed')
        tool.close()
        expect_equal(broker.stop(), 0, 'exit code')


def add_check(name):
    def function():
        expect_groups(name)
    function.__name__ = 'groups_of_' + name.replace('-', '_') + '_are_as_kafka_wrote_them'
    check(function)


for one in ['clean', 'unclean', 'leftovers', 'torn-cut', 'torn-flip', 'torn-index', 'recovered-unclean', 'recovered-leftovers',
            'recovered-torn-cut', 'recovered-torn-flip', 'recovered-torn-index', 'cluster-b0', 'cluster-b1', 'cluster-b2']:
    add_check(one)

if __name__ == '__main__':
    main('kafka_groups', lambda: shutil.rmtree(home, ignore_errors=True))
