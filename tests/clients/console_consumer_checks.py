"""`barnabas console-consumer` and `barnabas consume` against a broker: what kafka-console-consumer.sh shows."""

import json
import os
import re
import signal
import subprocess
import tempfile
import time

try:
    import confluent_kafka
except ImportError:
    confluent_kafka = None

from broker import CODECS, PROGRAM, Broker, run
from checks import Skip, check, expect, expect_equal, main, until

SHARED_BROKER = []
ORDERS = [f'order {number}' for number in range(10)]


def broker():
    """orders-0 has 10 records, orders-1 none; keyed-0 has three with keys, one of them without a value."""
    if not SHARED_BROKER:
        one = Broker({'num.partitions': 1, 'group.initial.rebalance.delay.ms': 0}).start()
        SHARED_BROKER.append(one)
        create('orders', 2)
        produce('orders', ORDERS, '-p', '0')
        create('keyed', 1)
        produce('keyed', ['a|1', 'b|2', 'c|'], '-p', '0', '-K', '|', '-Z', '-H', 'from=test')
    return SHARED_BROKER[0]


def stop_shared():
    for one in SHARED_BROKER:
        one.discard()


def create(topic, partitions):
    run([PROGRAM, 'topics', '--bootstrap-server', broker().bootstrap, '--create', '--topic', topic, '--partitions',
         str(partitions)])


def produce(topic, lines, *options):
    run(['kcat', '-b', broker().bootstrap, '-P', '-t', topic, *options],
        data=''.join(line + '\n' for line in lines).encode())


def tool(*arguments, command='console-consumer', seconds=60.0):
    done = run([PROGRAM, command, '--bootstrap-server', broker().bootstrap, *arguments], good=False, seconds=seconds)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def expect_shown(wanted, *arguments):
    status, said, complaints = tool(*arguments)
    expect_equal((status, said), (0, ''.join(line + '\n' for line in wanted)), f'what {arguments} gives ({complaints})')
    expect_equal(complaints, f'Processed a total of {len(wanted)} messages\n', 'standard error')


def expect_misuse(message, *arguments):
    status, said, complaints = tool(*arguments)
    expect_equal((status, said), (1, ''), f'status and output of {arguments}')
    expect(message in complaints, f'{arguments}: {complaints}')
    expect_equal(complaints.count('\n'), 1, 'lines on standard error')


@check
def shows_a_topic_from_its_beginning():
    expect_shown(ORDERS, '--topic', 'orders', '--from-beginning', '--max-messages', '10')


@check
def max_messages_ends_in_the_middle_of_a_batch():
    expect_shown(ORDERS[:3], '--topic', 'orders', '--from-beginning', '--max-messages', '3')


@check
def a_partition_is_read_from_an_offset_without_a_group():
    expect_shown(ORDERS[7:], '--topic', 'orders', '--partition', '0', '--offset', '7', '--max-messages', '3')
    expect_shown(ORDERS[:1], '--topic', 'orders', '--partition', '0', '--offset', 'earliest', '--max-messages', '1')


@check
def a_topic_that_falls_silent_ends_it_after_the_timeout():
    status, said, complaints = tool('--topic', 'orders', '--from-beginning', '--timeout-ms', '2000')
    expect_equal((status, said.splitlines()), (0, ORDERS), 'status and output')
    expect('TimeoutException' in complaints, complaints)
    expect(complaints.endswith('Processed a total of 10 messages\n'), complaints)


@check
def columns_are_switched_on_by_properties_old_and_new():
    wanted = ['a|1', 'b|2', 'c|null']
    columns = ['--topic', 'keyed', '--from-beginning', '--max-messages', '3']
    expect_shown(wanted, *columns, '--formatter-property', 'print.key=true', '--formatter-property', 'key.separator=|')
    status, said, _ = tool(*columns, '--property', 'print.key=true', '--property', 'key.separator=|')
    warning = ('Option --property is deprecated and will be removed in a future version. Use --formatter-property '
               'instead.')
    expect_equal((status, said.splitlines()), (0, [warning] + wanted), 'with the old name')
    everything = ['print.timestamp', 'print.partition', 'print.offset', 'print.epoch', 'print.headers', 'print.key']
    flags = [part for name in everything for part in ('--formatter-property', f'{name}=true')]
    _, said, _ = tool(*columns, *flags, '--formatter', 'kafka.tools.DefaultMessageFormatter')
    fields = said.splitlines()[1].split('\t')
    expect(fields[0].startswith('CreateTime:1'), said)
    expect_equal(fields[1:], ['Partition:0', 'Offset:1', 'Epoch:0', 'from:test', 'b', '2'], 'columns')


@check
def a_flag_of_the_formatter_is_off_unless_it_is_true():
    create('flags', 1)
    produce('flags', ['k:v'], '-K:')
    once = ('--topic', 'flags', '--from-beginning', '--max-messages', '1', '--formatter-property')
    for text, wanted in (('print.key', 'v'), ('print.key=maybe', 'v'), ('print.key=', 'v'), ('print.key=TRUE', 'k\tv')):
        status, said, complaints = tool(*once, text)
        expect_equal((status, said), (0, wanted + '\n'), f'{text} ({complaints})')


@check
def keys_that_nobody_knows_are_told_and_passed_over():
    create('shared-keys', 1)
    produce('shared-keys', ['v'])
    for command, options in (('console-consumer', ('--topic', 'shared-keys', '--from-beginning', '--max-messages', '1')),
                             ('consume', ('shared-keys', '--count', '1'))):
        with tempfile.NamedTemporaryFile('w', suffix='.properties') as file:
            file.write('schema.registry.url=http://x:8081\ngroup.idd=x\n')
            file.flush()
            for option in ('--command-config', '--consumer.config')[:2 if command == 'console-consumer' else 1]:
                status, said, complaints = tool(*options, option, file.name, command=command)
                expect_equal((status, said.splitlines()[-1:]), (0, ['v']), f'{command} {option} ({complaints})')
                told = [line for line in complaints.splitlines() if 'warning' in line]
                expect_equal(told, ['barnabas: warning: passed over: no consumer key is named group.idd; did you mean group.id?',
                                    'barnabas: warning: passed over: no client key is named schema.registry.url'], complaints)
    for option in ('--command-property', '--consumer-property'):
        status, said, complaints = tool('--topic', 'shared-keys', '--from-beginning', '--max-messages', '1', option, 'foo=bar')
        expect(status == 0 and 'no client key is named foo\n' in complaints, complaints)
    status, said, complaints = tool('--topic', 'shared-keys', '--command-property', 'security.protocl=SSL')
    expect(status == 1 and 'did you mean security.protocol?' in complaints, complaints)


@check
def bytes_that_are_no_number_fail_as_in_kafka():
    lines = ['12345678', 'short', '6ba7b810-9dad-11d1-80b4-00C04FD430C8']
    create('numbers', 1)
    produce('numbers', lines, '-p', '0')
    whole = ['--topic', 'numbers', '--from-beginning', '--max-messages', '3', '--formatter-property', 'print.offset=true']
    kafkas = 'org.apache.kafka.common.serialization.'
    for name, sentence in (('Long', 'Size of data received by LongDeserializer is not 8'),
                           ('Double', 'Size of data received by Deserializer is not 8')):
        status, said, complaints = tool(*whole, '--value-deserializer', f'{kafkas}{name}Deserializer')
        expect((status, said.count('\n')) == (1, 1) and sentence in complaints, f'{name}: {said} {complaints}')
    for name, size in (('Integer', 4), ('Short', 2)):
        status, said, complaints = tool(*whole, '--value-deserializer', f'{kafkas}{name}Deserializer')
        expect((status, said) == (1, '') and f'Size of data received by {name}Deserializer is not {size}' in complaints, complaints)
    status, said, complaints = tool(*whole, '--value-deserializer', f'{kafkas}LongDeserializer', '--skip-message-on-error')
    expect_equal((status, said), (0, f'Offset:0\t{int.from_bytes(b"12345678", "big")}\n'), complaints)
    expect_equal(complaints.count('is not 8'), 2, 'skipped')
    status, said, complaints = tool(*whole, '--value-deserializer', f'{kafkas}UUIDDeserializer', '--skip-message-on-error')
    expect_equal((status, said), (0, f'Offset:2\t{lines[2].lower()}\n'), complaints)
    expect_equal(complaints.count('Error parsing data into UUID'), 2, 'skipped')


@check
def a_header_that_is_there_twice_is_shown_twice():
    create('headers', 1)
    run([PROGRAM, 'produce', '-b', broker().bootstrap, 'headers', '-H', 'b=1', '-H', 'a=2', '-H', 'b=3'], data=b'x\n')
    _, said, complaints = tool('headers', '--end', '--output', 'json', command='consume')
    expect_equal(json.loads(said)['headers'], [{'key': key, 'value': value} for key, value in (('b', '1'), ('a', '2'), ('b', '3'))],
                 complaints)


@check
def a_group_goes_on_where_it_was():
    group = ['--topic', 'orders', '--group', 'g-on', '--from-beginning']
    status, said, _ = tool(*group, '--max-messages', '4')
    expect_equal((status, said.splitlines()), (0, ORDERS[:4]), 'the first four')
    status, said, _ = tool(*group, '--max-messages', '6')
    expect_equal((status, said.splitlines()), (0, ORDERS[4:]), 'the others')


def home_of(group):
    """The partition of __consumer_offsets that keeps the group, by Java's hash of its name."""
    number = 0
    for letter in group:
        number = (number * 31 + ord(letter)) & 0xffffffff
    number -= (number & 0x80000000) << 1
    return str((0 if number == -0x80000000 else abs(number)) % 50)


def offsets_topic(group, formatter, *more):
    """What the formatter shows of the group's partition."""
    home = home_of(group)
    _, ends, _ = tool('--topic', '__consumer_offsets', '--partitions', home, command='get-offsets')
    status, said, complaints = tool('--topic', '__consumer_offsets', '--partition', home, '--offset', 'earliest', '--max-messages',
                                    ends.strip().rpartition(':')[2], '--formatter', formatter, *more)
    expect_equal(status, 0, f'status with {formatter} ({complaints})')
    lines = [json.loads(line) for line in said.splitlines()]
    return [one for one in lines if one['key']['data'].get('group', one['key']['data'].get('groupId')) == group]


@check
def what_a_group_committed_is_read_from_its_topic():
    tool('--topic', 'orders', '--group', 'g-known', '--from-beginning', '--max-messages', '4')
    for name in ('org.apache.kafka.tools.consumer.OffsetsMessageFormatter',
                 'kafka.coordinator.group.GroupMetadataManager$OffsetsMessageFormatter'):
        commits = [one for one in offsets_topic('g-known', name) if one['key']['data']['partition'] == 0]
        expect_equal(commits[-1]['key'], {'type': 1, 'data': {'group': 'g-known', 'topic': 'orders', 'partition': 0}}, 'key')
        expect_equal((commits[-1]['value']['version'], commits[-1]['value']['data']['offset']), (4, 4), 'value')
    groups = offsets_topic('g-known', 'kafka.coordinator.group.GroupMetadataManager$GroupMetadataMessageFormatter')
    expect_equal({one['key']['type'] for one in groups}, {2}, 'types of keys')
    values = [one['value']['data'] for one in groups]
    expect('range' in {one['protocol'] for one in values}, f'protocols of {values}')
    expect_equal((values[-1]['protocolType'], values[-1]['members']), ('consumer', []), 'the group at its end')
    expect(commits[-1] in offsets_topic('g-known', 'OffsetsMessageFormatter', '--output', 'json'), 'it is not there with --output json')


@check
def a_group_of_the_new_protocol_is_read_with_its_own_formatter():
    tool('--topic', 'orders', '--group', 'g-new', '--from-beginning', '--max-messages', '4', '--command-property',
         'group.protocol=consumer')
    shown = offsets_topic('g-new', 'org.apache.kafka.tools.consumer.ConsumerGroupMessageFormatter')
    expect(3 in {one['key']['type'] for one in shown}, f'types of {shown}')
    expect_equal(offsets_topic('g-new', 'org.apache.kafka.tools.consumer.GroupMetadataMessageFormatter'), [], 'classic groups')


@check
def a_record_that_a_formatter_cannot_read_ends_it_or_is_skipped():
    create('no-commits', 1)
    # A commit's type, and no commit behind it.
    run([PROGRAM, 'produce', '-b', broker().bootstrap, 'no-commits', '-K', '|'], data=b'\0\1\0\3abc|\0\3\n')
    reading = ['--topic', 'no-commits', '--partition', '0', '--offset', 'earliest', '--max-messages', '1', '--formatter',
               'org.apache.kafka.tools.consumer.OffsetsMessageFormatter']
    status, said, complaints = tool(*reading)
    expect_equal((status, said), (1, ''), 'status and output')
    expect('Could not read record at offset 0 of no-commits-0 due to: ' in complaints, complaints)
    status, said, complaints = tool(*reading, '--skip-message-on-error')
    expect_equal((status, said), (0, ''), 'status and output of the one that skips')
    expect('skipping this message: Could not read record at offset 0' in complaints, complaints)


@check
def a_pattern_reads_several_topics():
    status, said, _ = tool('--include', 'ord.*|keyed', '--from-beginning', '--max-messages', '13')
    expect_equal((status, sorted(said.splitlines())), (0, sorted(ORDERS + ['1', '2', 'null'])), 'of both topics')
    status, said, _ = tool('--include', '^(?!ord)(?=key).*(?<!-)ed$', '--from-beginning', '--max-messages', '3')
    expect_equal((status, sorted(said.splitlines())), (0, ['1', '2', 'null']), 'what looking ahead and behind leaves')
    status, said, complaints = tool('--include', '[o[r]].*')
    expect((status, said) == (1, '') and 'has a class within a class at [r]].*' in complaints, complaints)


@check
def a_pattern_that_takes_too_long_ends_the_readers():
    create('a' * 60, 1)
    for command in ('console-consumer', 'consumer-perf-test'):
        status, said, complaints = tool('--include', '(a|a|a)*b', '--timeout-ms' if command == 'console-consumer' else '--timeout', '60000',
                                        *(['--num-records', '1', '--hide-header'] if command == 'consumer-perf-test' else []),
                                        command=command)
        expect(status == 1 and '(a|a|a)*b takes too many steps to match with aaa' in complaints + said, f'{command}: {said} {complaints}')


@check
def every_codec_is_read():
    for codec in CODECS:
        create(f'packed-{codec}', 1)
        produce(f'packed-{codec}', [f'{codec} {number}' for number in range(500)], '-z', codec)
        expect_shown([f'{codec} {number}' for number in range(500)], '--topic', f'packed-{codec}', '--from-beginning',
                     '--max-messages', '500')


@check
def a_new_group_begins_so_long_before_now_as_it_is_told():
    if confluent_kafka is None:
        raise Skip('the Python module confluent_kafka is not installed')
    create('aged', 1)
    sender = confluent_kafka.Producer({'bootstrap.servers': broker().bootstrap, 'linger.ms': 0})
    now = int(time.time() * 1000)
    for hours in (30, 5, 3, 1):
        sender.produce('aged', f'{hours} hours old', timestamp=now - hours * 3_600_000, partition=0)
        sender.flush(30)
    reset = ('--topic', 'aged', '--timeout-ms', '5000', '--command-property')
    for duration, wanted in (('PT4H', ['3 hours old', '1 hours old']), ('P2D', ['30 hours old', '5 hours old', '3 hours old', '1 hours old']),
                             ('P1DT1H30M', ['5 hours old', '3 hours old', '1 hours old'])):
        status, said, complaints = tool('--max-messages', str(len(wanted)), *reset, f'auto.offset.reset=by_duration:{duration}')
        expect_equal((status, said.splitlines()), (0, wanted), f'{duration}: {complaints}')
    # Nothing is as new, so it begins at the end.
    late = subprocess.Popen([PROGRAM, 'console-consumer', '--bootstrap-server', broker().bootstrap, '--topic', 'aged', '--group',
                             'late', '--max-messages', '1', '--command-property', 'auto.offset.reset=by_duration:PT30M'],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        state = [PROGRAM, 'consumer-groups', '--bootstrap-server', broker().bootstrap, '--describe', '--group', 'late']
        row = re.compile(rb'^late +aged +0 +4 ', re.MULTILINE)
        until(lambda: row.search(run(state, good=False).stdout), 'the group is at the end')
        produce('aged', ['new'], '-p', '0')
        expect_equal(late.communicate(timeout=30)[0], b'new\n', 'what comes behind the end')
    finally:
        late.kill()
        late.wait()
    expect_misuse('by_duration:PnDTnHnMnS', *reset, 'auto.offset.reset=by_time:PT1H')
    expect_misuse("'4 hours' is no duration", *reset, 'auto.offset.reset=by_duration:4 hours')


@check
def lines_appear_live_and_ctrl_c_leaves_the_group_at_once():
    create('live', 1)
    with tempfile.TemporaryFile() as complaints:
        reader = subprocess.Popen([PROGRAM, 'console-consumer', '--bootstrap-server', broker().bootstrap, '--topic', 'live',
                                   '--group', 'g-live', '--from-beginning'], stdout=subprocess.PIPE, stderr=complaints)
        produce('live', ['one'])
        expect_equal(reader.stdout.readline(), b'one\n', 'the first line')
        produce('live', ['two'])
        expect_equal(reader.stdout.readline(), b'two\n', 'the second line')
        reader.send_signal(signal.SIGINT)
        expect_equal(reader.wait(20), 0, 'status')
        complaints.seek(0)
        expect_equal(complaints.read(), b'Processed a total of 2 messages\n', 'standard error')
    # A member that had not left would keep the partition for the session timeout, which is longer.
    produce('live', ['three'])
    status, said, _ = tool('--topic', 'live', '--group', 'g-live', '--max-messages', '1', seconds=20)
    expect_equal((status, said), (0, 'three\n'), 'what the next member reads')


@check
def two_members_share_a_topic():
    create('shared', 2)
    readers = []
    for _ in range(2):
        readers.append(subprocess.Popen(
            [PROGRAM, 'console-consumer', '--bootstrap-server', broker().bootstrap, '--topic', 'shared', '--group',
             'g-shared', '--from-beginning'], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL))
    seen = [set(), set()]
    for reader in readers:
        os.set_blocking(reader.stdout.fileno(), False)

    def both_read():
        produce('shared', ['x'], '-p', '0')
        produce('shared', ['y'], '-p', '1')
        for reader, lines in zip(readers, seen):
            lines.update((reader.stdout.read() or b'').split())
        return all(seen)
    until(both_read, 'both members get records', 60.0)
    for reader in readers:
        reader.send_signal(signal.SIGTERM)
    for reader in readers:
        expect_equal(reader.wait(30), 0, 'status')


@check
def wrong_usage_is_said_in_one_line():
    expect_misuse('Exactly one of --include/--topic is required.')
    expect_misuse('The partition is required when offset is specified.', '--topic', 't', '--offset', '3')
    expect_misuse("The provided offset value 'soon' is incorrect.", '--topic', 't', '--partition', '0', '--offset', 'soon')
    expect_misuse("Can't simultaneously specify --from-beginning and 'auto.offset.reset=latest'", '--topic', 't',
                  '--from-beginning', '--command-property', 'auto.offset.reset=latest')
    expect_misuse('--bootstrap-server', '--topic', 't', '--zookeeper', 'here:2181')
    expect_misuse('barnabas console-consumer: isolation.level=bogus', '--topic', 't', '--isolation-level', 'bogus')
    expect_misuse("barnabas console-consumer: group.instance.id='a b': allowed are", '--topic', 't', '--group', 'g',
                  '--command-property', 'group.instance.id=a b')
    expect_misuse('barnabas console-consumer: group.id is empty', '--topic', 't', '--group', '')
    expect_misuse('the formatter com.example.Mine is not here; OffsetsMessageFormatter, ', '--topic', 't', '--formatter',
                  'com.example.Mine')


@check
def consume_is_short_for_daily_use():
    status, said, complaints = tool('orders', '--count', '2', command='consume')
    expect_equal((status, said.splitlines()), (0, ORDERS[:2]), complaints)
    status, said, complaints = tool('keyed', '--end', '--output', 'json', command='consume')
    lines = [json.loads(line) for line in said.splitlines()]
    expect_equal([(one['key'], one['value']) for one in lines], [('a', '1'), ('b', '2'), ('c', None)], complaints)
    expect_equal(lines[0]['headers'], [{'key': 'from', 'value': 'test'}], 'headers')
    for more in ([], ['--end'], ['--end', '--group', 'g-nothing']):
        status, said, complaints = tool('nothing-here', *more, command='consume')
        expect_equal((status, said), (1, ''), 'an unknown topic')
        expect("there is no topic 'nothing-here': barnabas topics" in complaints, complaints)
    status, said, complaints = tool('nothing-here', '--output', 'json', command='consume')
    expect_equal((status, complaints, json.loads(said)['error']['code']), (1, '', 'unknown_topic_or_partition'), 'in JSON')


def consuming(*arguments, server):
    """Not buffered: what is read by the line would else be missing later."""
    return subprocess.Popen([PROGRAM, 'consume', '--bootstrap-server', server, *arguments], stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, bufsize=0)


@check
def consume_to_the_end_reads_all_that_a_new_group_has():
    for partitions in (1, 3):
        # A broker that lets members gather longer than any silence that one could take for the end.
        with Broker({'num.partitions': partitions, 'group.initial.rebalance.delay.ms': 3000}) as one:
            run(['kcat', '-b', one.bootstrap, '-P', '-t', 'q'], data=''.join(f'{line}\n' for line in ORDERS).encode())
            said = run([PROGRAM, 'consume', '-b', one.bootstrap, 'q', '-e', '-g', 'new']).stdout.decode()
            expect_equal(sorted(said.splitlines()), ORDERS, f'of {partitions} partitions')
            said = run([PROGRAM, 'consume', '-b', one.bootstrap, 'q', '-e', '-g', 'new']).stdout.decode()
            expect_equal(said, '', 'what is left for the group')


@check
def consume_to_the_end_ends_beside_a_live_producer():
    create('busy', 1)
    produce('busy', ORDERS, '-p', '0')
    writer = subprocess.Popen([PROGRAM, 'producer-perf-test', '--topic', 'busy', '--num-records', '10000000', '--record-size',
                               '10', '--throughput', '100', '--bootstrap-server', broker().bootstrap],
                              stdout=subprocess.DEVNULL)
    try:
        offsets = ['get-offsets', '--bootstrap-server', broker().bootstrap, '--topic-partitions', 'busy:0']
        until(lambda: int(run([PROGRAM, *offsets]).stdout.split(b':')[2]) > 20, 'the producer is at work')
        status, said, complaints = tool('busy', '--end', command='consume', seconds=20)
        expect_equal((status, said.splitlines()[:10]), (0, ORDERS), complaints)
    finally:
        writer.kill()
        writer.wait()


@check
def consume_to_the_end_waits_for_a_broker_that_pauses():
    with Broker({'num.partitions': 1}) as one:
        run(['kcat', '-b', one.bootstrap, '-P', '-t', 'long', '-X', 'batch.num.messages=100'],
            data=b''.join(b'%0100d\n' % number for number in range(100000)))
        reader = consuming('long', '--end', server=one.bootstrap)
        first = reader.stdout.readline()
        os.kill(one.pid, signal.SIGSTOP)
        try:
            ended = True
            try:
                # Reads all that is under way; what then stays out is longer out than any silence would last.
                said, complaints = reader.communicate(timeout=4)
            except subprocess.TimeoutExpired:
                ended = False
        finally:
            os.kill(one.pid, signal.SIGCONT)
        if not ended:
            said, complaints = reader.communicate(timeout=60)
        expect_equal((reader.returncode, len((first + said).splitlines())), (0, 100000), complaints.decode())


@check
def consume_to_the_end_gives_up_a_broker_that_stays_away():
    with Broker({'num.partitions': 1}) as one, tempfile.NamedTemporaryFile('w', suffix='.properties') as file:
        file.write('default.api.timeout.ms=2000\n')
        file.flush()
        run(['kcat', '-b', one.bootstrap, '-P', '-t', 'long', '-X', 'batch.num.messages=100'],
            data=b''.join(b'%0100d\n' % number for number in range(400000)))
        reader = consuming('long', '--end', '--command-config', file.name, server=one.bootstrap)
        reader.stdout.readline()
        one.kill()
        said, complaints = reader.communicate(timeout=60)
        expect_equal(reader.returncode, 1, f'status after {len(said.splitlines())} lines')
        expect(b'has no answer after 20' in complaints or b'not known after 20' in complaints, complaints.decode())


@check
def consume_to_the_end_ends_when_others_keep_all_partitions():
    create('kept', 1)
    produce('kept', ['one'], '-p', '0')
    # Members get partitions in the order of their ids, which begin with the client's.
    keeper = subprocess.Popen([PROGRAM, 'console-consumer', '--bootstrap-server', broker().bootstrap, '--topic', 'kept', '--group',
                               'g-kept', '--from-beginning', '--command-property', 'client.id=a-keeper'], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL)
    try:
        expect_equal(keeper.stdout.readline(), b'one\n', 'what the keeper reads')
        with tempfile.NamedTemporaryFile('w', suffix='.properties') as file:
            # As short as the broker allows.
            file.write('session.timeout.ms=6000\n')
            file.flush()
            arguments = ['kept', '--end', '--group', 'g-kept', '--command-config', file.name]
            status, said, complaints = tool(*arguments, command='consume', seconds=40)
            expect_equal((status, said), (1, ''), f'beside a member that keeps all ({complaints})')
            expect("group 'g-kept' has given this member nothing to read for " in complaints, complaints)
            expect('other members have all partitions. Stop them, or read without --group' in complaints, complaints)
            status, said, _ = tool(*arguments, '--output', 'json', command='consume', seconds=40)
            expect_equal((status, json.loads(said)['error']['code']), (1, 'request_timed_out'), 'the same in JSON')
        expect(keeper.poll() is None, 'the keeper was disturbed')
    finally:
        keeper.terminate()
        keeper.wait()
    produce('kept', ['two'], '-p', '0')
    status, said, complaints = tool('kept', '--end', '--group', 'g-kept', command='consume', seconds=40)
    expect_equal((status, said), (0, 'two\n'), f'when nobody else is there ({complaints})')


@check
def the_perf_test_counts_what_it_reads():
    status, said, complaints = tool('--topic', 'orders', '--messages', '10', command='consumer-perf-test')
    lines = said.splitlines()
    expect_equal((status, len(lines), complaints), (0, 2, 'Warning: --messages is deprecated. Use --num-records instead.\n'), said)
    expect_equal(lines[0].split(', ')[4], 'data.consumed.in.nMsg', 'header')
    expect_equal(lines[1].split(', ')[4], '10', 'records')


if __name__ == '__main__':
    main('console_consumer', stop_shared)
