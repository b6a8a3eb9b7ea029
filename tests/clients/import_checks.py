"""`barnabas import`: Kafka's own data directories (../shared/kafka-data), taken over and served to librdkafka, beside what Kafka itself served of them."""

import base64
import fcntl
import gzip
import json
import os
import shutil
import subprocess
import tempfile

try:
    from confluent_kafka import Consumer, TopicPartition
except ImportError:
    print('SKIP import: the Python module confluent_kafka is not installed')
    raise SystemExit(0) from None

from broker import PROGRAM, ROOT, Broker, run
from checks import Skip, check, expect, expect_equal, main

SHARED = os.environ.get('BARNABAS_SHARED', os.path.join(ROOT, '..', 'shared'))
KAFKA = os.path.join(SHARED, 'kafka-data')
# What Kafka answered was asked without its cleaner; groups' members whom nobody plays would leave records of their end.
OVERRIDES = {'log.cleaner.enable': 'false', 'group.max.session.timeout.ms': 1800000}
home = tempfile.mkdtemp(prefix='barnabas-import-')


def unpacked(name):
    script = os.path.join(KAFKA, 'unpack.sh')
    if not os.path.exists(script):
        raise Skip('the shared Kafka directories are absent (BARNABAS_SHARED names their folder)')
    path = os.path.join(home, 'kafka-' + name)
    if not os.path.exists(path):
        run(['sh', script, name, path])
    return path


def told(name):
    with gzip.open(os.path.join(KAFKA, 'expected', name), 'rt') as lines:
        return [json.loads(line) for line in lines]


def import_into(target, *arguments, code=0):
    done = run([PROGRAM, 'import', '--override', f'log.dirs={target}', *arguments], good=False)
    expect_equal(done.returncode, code, f'exit code of the import ({done.stderr.decode()[-400:]})')
    return done.stdout.decode(), done.stderr.decode()


def everything(broker, places, isolation):
    """{(topic, partition): (low, high, [(offset, key, value)])} of all that a consumer is given, up to where its isolation ends."""
    consumer = Consumer({'bootstrap.servers': broker.bootstrap, 'group.id': 'import', 'enable.auto.commit': False,
                         'isolation.level': isolation, 'enable.partition.eof': True, 'check.crcs': True})
    found = {}
    for topic, index in places:
        low, high = consumer.get_watermark_offsets(TopicPartition(topic, index), timeout=20)
        found[topic, index] = (low, high, [])
    consumer.assign([TopicPartition(topic, index, low) for (topic, index), (low, _, _) in found.items()])
    waiting = set(found)
    while waiting:
        message = consumer.poll(20)
        expect(message is not None, f'nothing comes of {sorted(waiting)}')
        place = message.topic(), message.partition()
        if message.error() is None:
            found[place][2].append((message.offset(), message.key(), message.value()))
            continue
        expect_equal(message.error().name(), '_PARTITION_EOF', f'{place}: {message.error()}')
        waiting.discard(place)
    consumer.close()
    return found


def in_ranges(offsets):
    ranges = []
    for offset in offsets:
        if ranges and ranges[-1][1] == offset - 1:
            ranges[-1][1] = offset
        else:
            ranges.append([offset, offset])
    return ranges


def expect_as_served(name, views):
    target = os.path.join(home, 'ours-' + name)
    import_into(target, '--from', unpacked(name))
    # A coordinator writes of members who are gone, so its partitions may be longer.
    wanted = {(one['topic'], one['partition']): one for one in told(views) if one['topic'] != '__consumer_offsets'}
    expect(len(wanted) >= 40, f'only {len(wanted)} partitions are told')
    with Broker(OVERRIDES, data_dir=target) as broker:
        served = everything(broker, wanted, 'read_uncommitted')
        committed = everything(broker, wanted, 'read_committed')
        expect_equal(broker.stop(), 0, 'exit code')
    for place, view in wanted.items():
        low, high, seen = served[place]
        expect_equal((low, high), (view['logStartOffset'], view['highWatermark']), f'{place}: where it begins and ends')
        expect_equal(in_ranges([one[0] for one in seen]), view['read_uncommittedOffsets'], f'{place}: offsets')
        expect_equal(in_ranges([one[0] for one in committed[place][2]]), view['read_committedOffsets'], f'{place}: committed offsets')
    shutil.rmtree(target)
    return {place: {offset: (key, value) for offset, key, value in seen} for place, (_, _, seen) in served.items()}


def raw(text):
    return None if text is None else base64.b64decode(text)


@check
def a_cleanly_stopped_kafka_is_taken_over_with_every_record():
    served = expect_as_served('clean', 'views-clean.jsonl.gz')
    folder = os.path.join(KAFKA, 'expected', 'unclean', 'records')
    compared = 0
    for (topic, index), seen in served.items():
        path = os.path.join(folder, f'{topic}-{index}.jsonl.gz')
        if not os.path.exists(path):
            continue
        for line in gzip.open(path, 'rt'):
            one = json.loads(line)
            if one['offset'] in seen and not one['control']:
                expect_equal(seen[one['offset']], (raw(one['key']), raw(one['value'])), f'{topic}-{index} {one["offset"]}')
                compared += 1
    expect(compared > 15000, f'only {compared} records were compared')


def add_check(name):
    def function():
        expect_as_served(name, f'views-after-recovery-{name}.jsonl.gz')
    function.__name__ = 'what_kafka_left_' + name.replace('-', '_') + '_is_taken_over_as_kafka_recovered_it'
    check(function)


for one in ['unclean', 'torn-cut', 'torn-flip', 'torn-index', 'leftovers']:
    add_check(one)


@check
def what_described_topics_say_is_how_they_are_configured():
    described = os.path.join(home, 'topics.txt')
    with open(described, 'w') as file:
        file.write('Topic: compacted\tTopicId: abc\tPartitionCount: 1\tReplicationFactor: 1\t'
                   'Configs: cleanup.policy=compact,delete,segment.bytes=2097152,message.format.version=2.4\n'
                   '\tTopic: compacted\tPartition: 0\tLeader: 0\tReplicas: 0\tIsr: 0\n')
    target = os.path.join(home, 'ours-described')
    _, complaints = import_into(target, '--from', unpacked('clean'), '--topics', described)
    expect('plain-none' in complaints and 'retention.ms=-1' in complaints and 'goes without message.format.version' in complaints, complaints)
    with Broker(OVERRIDES, data_dir=target) as broker:
        def configs(topic):
            return run([PROGRAM, 'configs', '--bootstrap-server', broker.bootstrap, '--describe', '--entity-type', 'topics',
                        '--entity-name', topic]).stdout.decode()
        shown = configs('compacted')
        expect('cleanup.policy=compact,delete' in shown and 'segment.bytes=2097152' in shown, shown)
        shown = configs('plain-none')
        expect('retention.ms=-1' in shown and 'retention.bytes=-1' in shown, shown)
        expect('cleanup.policy=compact ' in configs('compacted-gz'), configs('compacted-gz'))
    shutil.rmtree(target)


@check
def reading_committed_records_to_the_end_ends_before_an_open_transaction():
    target = os.path.join(home, 'ours-open')
    import_into(target, '--from', unpacked('clean'))
    keys = os.path.join(home, 'committed.properties')
    with open(keys, 'w') as file:
        file.write('isolation.level=read_committed\n')
    with Broker(OVERRIDES, data_dir=target) as broker:
        seen = run([PROGRAM, 'consume', 'txn', '-b', broker.bootstrap, '--end', '--output', 'json', '--command-config', keys]).stdout
    views = [one for one in told('views-clean.jsonl.gz') if one['topic'] == 'txn']
    expect(any(one['read_committedEnd'] < one['highWatermark'] for one in views), 'no transaction is open')
    expect_equal(len(seen.splitlines()), sum(last - first + 1 for one in views for first, last in one['read_committedOffsets']), 'records')
    shutil.rmtree(target)


@check
def what_a_new_idempotent_producer_sends_is_never_taken_for_a_repetition():
    target = os.path.join(home, 'ours-producers')
    import_into(target, '--from', unpacked('clean'))
    with Broker(OVERRIDES, data_dir=target) as broker:
        for round_ in range(3):
            subprocess.run([PROGRAM, 'produce', 'idem', '--bootstrap-server', broker.bootstrap], input=b'new\n' * 20, check=True,
                           timeout=30, capture_output=True)
        ends = run([PROGRAM, 'get-offsets', '--bootstrap-server', broker.bootstrap, '--topic', 'idem']).stdout.decode()
        total = sum(int(line.rsplit(':', 1)[1]) for line in ends.split())
        expect_equal(total, 247 + 251 + 60, 'records of both partitions')
    shutil.rmtree(target)


@check
def what_cannot_be_imported_is_refused_and_nothing_is_changed():
    source = unpacked('clean')
    target = os.path.join(home, 'ours-refused')
    _, why = import_into(target, '--from', os.path.join(home, 'nowhere'), code=1)
    expect('is not there' in why, why)
    _, why = import_into(target, '--from', unpacked('cluster-b0'), '--from', source, code=1)
    expect('different brokers' in why, why)
    expect(not os.path.exists(target), 'a refused import leaves a directory')
    partial = os.path.join(home, 'kafka-partial')
    shutil.copytree(source, partial)
    shutil.rmtree(os.path.join(partial, 'multi-1'))
    _, why = import_into(target, '--from', partial, code=1)
    expect("partition 1 of 'multi' is not there" in why, why)
    _, remarks = import_into(target, '--from', partial, '--missing-are-empty', '--leave-out', 'binary')
    expect('multi-1 is not there and begins empty' in remarks, remarks)
    expect(not os.path.exists(os.path.join(target, 'binary-0')), 'a topic that was left out is imported')
    _, why = import_into(target, '--from', source, code=1)
    expect('is a broker\'s already' in why, why)
    _, why = import_into(os.path.join(home, 'twice'), '--from', target, code=1)
    expect('written by Barnabas already' in why, why)
    with Broker(OVERRIDES, data_dir=target) as broker:
        consumer = Consumer({'bootstrap.servers': broker.bootstrap, 'group.id': 'none'})
        expect_equal(consumer.get_watermark_offsets(TopicPartition('multi', 1), timeout=20), (0, 0), 'an empty partition')
        expect_equal(consumer.get_watermark_offsets(TopicPartition('multi', 0), timeout=20), (0, 139), 'its neighbour')
        consumer.close()
    shutil.rmtree(target)


@check
def a_kafka_that_runs_is_noticed_by_its_lock():
    source = unpacked('clean')
    with open(os.path.join(source, '.lock'), 'r+b') as held:
        # As Java's FileChannel.tryLock does.
        fcntl.lockf(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        _, why = import_into(os.path.join(home, 'ours-live'), '--from', source, code=1)
    expect('a broker uses the directory' in why and 'stop it first' in why, why)


@check
def partitions_that_only_other_brokers_have_are_missed():
    target = os.path.join(home, 'ours-partial')
    described = os.path.join(home, 'cluster.txt')
    with open(described, 'w') as file:
        file.write('Topic: audit.log\tTopicId: abc\tPartitionCount: 3\tReplicationFactor: 2\tConfigs: \n')
    _, why = import_into(target, '--from', unpacked('cluster-b0'), '--topics', described, code=1)
    expect("partition 2 of 'audit.log' is not there, but the topic has 3 partitions" in why, why)
    expect(not os.path.exists(target), 'a refused import leaves a directory')
    _, remarks = import_into(target, '--from', unpacked('cluster-b0'), '--leave-out', 'audit.log')
    expect('without --topics' in remarks, remarks)
    shutil.rmtree(target)


@check
def an_import_that_was_interrupted_is_no_brokers_directory():
    target = os.path.join(home, 'ours-interrupted')
    import_into(target, '--from', unpacked('clean'))
    os.remove(os.path.join(target, 'meta.properties'))
    done = run([PROGRAM, 'start', '--override', f'log.dirs={target}'], good=False)
    expect_equal(done.returncode, 1, 'exit code of a start')
    expect(b'is not empty' in done.stderr, done.stderr.decode())


if __name__ == '__main__':
    main('import', lambda: shutil.rmtree(home, ignore_errors=True))
