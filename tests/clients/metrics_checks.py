"""/metrics under the names that dashboards and alerts for Kafka ask for (docs/operations.md, "Watch it")."""

import contextlib
import os
import re
import resource
import socket
import struct
import tempfile
import urllib.request

from broker import PROGRAM, ROOT, Broker, run
from checks import Skip, check, expect, expect_equal, main, until

SHARED = os.environ.get('BARNABAS_SHARED', os.path.join(ROOT, '..', 'shared'))
PAGE = os.path.join(ROOT, 'docs', 'operations.md')
# Begins the table of names that are not told, on that page.
EXCUSES = 'Not told are:'
LINE = re.compile(r'^(\w+)(\{.*\})? (\S+)$')


def numbers(broker):
    with urllib.request.urlopen(f'http://127.0.0.1:{broker.http_port}/metrics', timeout=10) as page:
        lines = page.read().decode().splitlines()
    found = [LINE.match(line) for line in lines if not line.startswith('#')]
    expect(all(found), 'a line is no metric')
    return {one.group(1) + (one.group(2) or ''): float(one.group(3)) for one in found}


def names_on_the_page():
    """The names that the page's tables promise, and those that it excuses."""
    with open(PAGE, encoding='utf-8') as file:
        told, found, excused = file.read().partition(EXCUSES)
    expect(found, f'no "{EXCUSES}" on {PAGE}')
    return names_in_rows(told), names_in_rows(excused)


def names_in_rows(text):
    """The names of a table's rows; "..." stands for what the name before it begins with."""
    rows = re.findall(r'^\| (`(?:kafka_(?!consumergroup)|process_|\.\.\._).*?) \|', text, re.MULTILINE)
    names, begin = [], ''
    for name in re.findall(r'`([^`]+)`', ' '.join(rows)):
        if name.startswith('...'):
            name = begin + name[3:]
        begin = re.match(r'kafka_[a-z]+_[a-z]+|process', name).group(0)
        names.append(name)
    return names


@check
def traffic_and_state_have_kafkas_names():
    with Broker() as broker:
        before = numbers(broker)
        run(['kcat', '-b', broker.bootstrap, '-P', '-t', 'seen'], data=b'one\ntwo\nthree\n')
        run(['kcat', '-b', broker.bootstrap, '-C', '-t', 'seen', '-o', 'beginning', '-e'])
        now = until(lambda: (n := numbers(broker))['kafka_server_brokertopicmetrics_bytesout_total'] and n, 'bytes go out')
    traffic = 'kafka_server_brokertopicmetrics_'
    expect_equal(now[f'{traffic}messagesin_total'] - before[f'{traffic}messagesin_total'], 3, 'records')
    expect(now[f'{traffic}bytesout_total'] >= now[f'{traffic}bytesin_total'] > 60, f'bytes in and out: {now}')
    expect(now[f'{traffic}totalproducerequests_total'] >= 1 and now[f'{traffic}totalfetchrequests_total'] >= 1, 'requests')
    replicas, control = 'kafka_server_replicamanager_', 'kafka_controller_kafkacontroller_'
    expect_equal([now[f'{replicas}{name}'] for name in ('partitioncount', 'leadercount', 'underreplicatedpartitions',
                                                        'offlinereplicacount')], [1, 1, 0, 0], 'partitions')
    expect_equal([now[f'{control}{name}'] for name in ('activecontrollercount', 'offlinepartitionscount', 'activebrokercount',
                                                       'globaltopiccount')], [1, 0, 1, 1], 'the cluster')
    expect(now['kafka_network_requestmetrics_totaltimems{request="Produce",quantile="0.99"}'] > 0, 'times of Produce')


@check
def every_name_on_the_page_is_there():
    with Broker() as broker:
        told = {name.split('{')[0] for name in numbers(broker)}
        run(['kcat', '-b', broker.bootstrap, '-P', '-t', 'seen'], data=b'one\n')
        # A topic that is not there is an error of Metadata.
        run(['kcat', '-b', broker.bootstrap, '-C', '-t', 'nope', '-e'], good=False)
        until(lambda: 'kafka_log_log_size{topic="seen",partition="0"}' in numbers(broker), 'the partition is shown')
        told |= {name.split('{')[0] for name in numbers(broker)}
    names, excused = names_on_the_page()
    expect(len(names) >= 35, f'{len(names)} names on the page: {names}')
    expect_equal([name for name in names if name not in told], [], 'names that are not told')
    expect_equal([name for name in excused if name in told], [], 'names that are excused, but told')


def names_that_matter():
    """Of ecosystem.md 3.2: name and labels; a name that begins with "_" stands for all that end so."""
    path = os.path.join(SHARED, 'design', 'ecosystem.md')
    if not os.path.exists(path):
        raise Skip(f'{path} is absent (BARNABAS_SHARED names the folder of design)')
    with open(path, encoding='utf-8') as file:
        text = file.read().partition('\n## 3.2 ')[2].partition('\nSources:')[0]
    # Lists of which only the first name is whole.
    for begin, end, behind in (('siblings (', ')', 'records_total'), ('(also ', ')', ''), ('its parts ', '.', '')):
        before, found, rest = text.partition(begin)
        expect(found, f'no "{begin}" in section 3.2 any more')
        listed, _, rest = rest.partition(end)
        text = before + ', '.join('_' + name + behind for name in listed.split(', ')) + '. ' + rest
    text = re.sub(r'\.\.\._(\w+)/(fetch)(\w+)', r'..._\1\3, ..._\2\3', text)
    found = re.findall(r'(?<![\w"])((?:kafka|process)?_[a-z]\w*)(?:\{(.*?)\})?', text)
    return {name: re.findall(r'(?:^|,)(\w+)', labels) for name, labels in found}


def crc32c(data):
    crc = 0xffffffff
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82f63b78 if crc & 1 else 0)
    return crc ^ 0xffffffff


def one_batch(key, base_offset=0, magic=2, crc_error=0):
    fields = b'\0\0\0' + (b'\x01' if key is None else bytes([2 * len(key)]) + key) + b'\x02v\0'
    summed = struct.pack('>hiqqqhii', 0, 0, 1000, 1000, -1, -1, -1, 1) + bytes([2 * len(fields)]) + fields
    behind_length = struct.pack('>ibI', -1, magic, crc32c(summed) ^ crc_error) + summed
    return struct.pack('>qi', base_offset, len(behind_length)) + behind_length


def produce(broker, topic, records):
    """By hand, as Produce 3 with acks=1; returns the partition's error."""
    name = topic.encode()
    body = struct.pack('>hhih', 0, 3, 1, -1) + struct.pack('>hhiih', -1, 1, 10000, 1, len(name)) + name
    body += struct.pack('>iii', 1, 0, len(records)) + records
    with socket.create_connection(('127.0.0.1', broker.port), timeout=20) as stream, stream.makefile('rb') as answers:
        stream.sendall(struct.pack('>i', len(body)) + body)
        answer = answers.read(struct.unpack('>i', answers.read(4))[0])
    return struct.unpack_from('>h', answer, 4 + 4 + 2 + len(name) + 4 + 4)[0]


FAULTS = {
    'invalidmessagecrcrecords': ({'crc_error': 1}, 2),
    'invalidmagicnumberrecords': ({'magic': 9}, 2),
    'invalidoffsetorsequencerecords': ({'base_offset': 5}, 87),
    'nokeycompactedtopicrecords': ({'key': None}, 87),
}


def make_traffic(broker):
    run([PROGRAM, 'topics', '--bootstrap-server', broker.bootstrap, '--create', '--topic', 'compacted',
         '--config', 'cleanup.policy=compact'])
    expect_equal(produce(broker, 'compacted', one_batch(b'k')), 0, 'a batch without fault')
    for name, (change, error) in FAULTS.items():
        expect_equal(produce(broker, 'compacted', one_batch(**{'key': b'k', **change})), error, name)
    run(['kcat', '-b', broker.bootstrap, '-C', '-t', 'compacted', '-o', 'beginning', '-e'])
    run(['kcat', '-b', broker.bootstrap, '-C', '-t', 'nope', '-e'], good=False)


@check
def each_name_that_matters_is_told_or_excused():
    wanted = names_that_matter()
    expect(len(wanted) >= 68, f'{len(wanted)} names in section 3.2: {sorted(wanted)}')
    with Broker() as broker:
        make_traffic(broker)
        lines = until(lambda: (n := numbers(broker)) and any(line.startswith('kafka_log_log_size{') for line in n) and n,
                      'partitions are shown')
        with socket.create_connection(('127.0.0.1', broker.port)):
            lines.update(until(lambda: (n := numbers(broker)) and sum(value for line, value in n.items() if line.startswith(
                'kafka_server_socket_server_metrics_connection_count{')) == 1 and n, 'the one connection counts'))
    excused = names_on_the_page()[1]
    missing = []
    for name, labels in wanted.items():
        def is_it(other):
            return other.endswith(name) if name.startswith('_') else other == name
        told = [line for line in lines if is_it(line.split('{')[0]) or is_it(line.split('{')[0].removesuffix('_count'))]
        if not told and not any(map(is_it, excused)):
            missing.append(name)
        if told:
            missing += [f'{name}{{{label}}}' for label in labels if not any(re.search(rf'[{{,]{label}="', line) for line in told)]
    expect_equal(missing, [], 'names that are neither told nor excused')


@check
def faults_of_batches_count_by_their_kind():
    with Broker() as broker:
        make_traffic(broker)
        now = numbers(broker)
    expect_equal({name: now[f'kafka_server_brokertopicmetrics_{name}_total'] for name in FAULTS}, dict.fromkeys(FAULTS, 1), 'faults')
    requests = 'kafka_network_requestmetrics_'
    expect_equal(now[requests + 'requests_total{request="Produce",version="3"}'], 1 + len(FAULTS), 'requests of that version')
    parts = ('requestqueue', 'local', 'remote', 'responsequeue')
    sums = {part: now[f'{requests}{part}timems_sum{{request="Produce"}}'] for part in parts}
    whole = now[requests + 'totaltimems_sum{request="Produce"}']
    expect(abs(sum(sums.values()) - whole) < 0.001 * whole, f'parts of {whole} ms: {sums}')
    expect(sums['remote'] > 0 and sums['local'] > 0, f'parts: {sums}')
    replicas = {kind: now[f'kafka_cluster_partition_{kind}{{topic="compacted",partition="0"}}']
                for kind in ('replicascount', 'insyncreplicascount', 'underminisr', 'atminisr')}
    expect_equal(replicas, {'replicascount': 1, 'insyncreplicascount': 1, 'underminisr': 0, 'atminisr': 1}, 'the partition')


@check
def too_few_in_sync_replicas_are_told_of_each_partition():
    with Broker({'min.insync.replicas': 2}) as broker:
        run([PROGRAM, 'topics', '--bootstrap-server', broker.bootstrap, '--create', '--topic', 'short'])
        def under():
            return numbers(broker).get('kafka_cluster_partition_underminisr{topic="short",partition="0"}')
        until(lambda: under() == 1, 'one replica is fewer than two')
        run([PROGRAM, 'configs', '--bootstrap-server', broker.bootstrap, '--alter', '--topic', 'short', '--add-config', 'min.insync.replicas=1'])
        until(lambda: under() == 0, 'one replica is enough')


@check
def what_is_refused_counts():
    with Broker({'message.max.bytes': 200}) as broker:
        run(['kcat', '-b', broker.bootstrap, '-P', '-t', 'small'], data=b'x' * 5000 + b'\n', good=False)
        until(lambda: numbers(broker)['kafka_server_brokertopicmetrics_failedproducerequests_total'] > 0, 'it counts')
        now = numbers(broker)
    expect(now['kafka_server_brokertopicmetrics_bytesrejected_total'] >= 5000, f'rejected bytes: {now}')
    expect(now['kafka_network_requestmetrics_errors_total{request="Produce",error="MESSAGE_TOO_LARGE"}'] >= 1, f'errors: {now}')


@check
def sizes_of_partitions_follow_what_is_in_them():
    with Broker({'log.segment.bytes': 1 << 20}) as broker:
        run([PROGRAM, 'topics', '--bootstrap-server', broker.bootstrap, '--create', '--topic', 'sized', '--partitions', '2'])
        run(['kcat', '-b', broker.bootstrap, '-P', '-t', 'sized', '-p', '1', '-X', 'batch.num.messages=100'],
            data=b''.join(b'%01000d\n' % number for number in range(3000)))

        def of(kind, partition):
            return numbers(broker).get(f'kafka_log_log_{kind}{{topic="sized",partition="{partition}"}}')
        until(lambda: of('logendoffset', 1) == 3000, 'all records are in it')
        files = [os.path.join(broker.data_dir, 'sized-1', name) for name in os.listdir(os.path.join(broker.data_dir, 'sized-1'))]
        logs = [path for path in files if path.endswith('.log')]
        expect(len(logs) > 2, f'segments: {files}')
        expect_equal([of('numlogsegments', 1), of('size', 1)], [len(logs), sum(map(os.path.getsize, logs))], 'segments and bytes')
        expect_equal([of(kind, 0) for kind in ('size', 'numlogsegments', 'logstartoffset', 'logendoffset')], [0, 1, 0, 0], 'the empty one')
        with tempfile.NamedTemporaryFile('w', suffix='.json') as file:
            file.write('{"version": 1, "partitions": [{"topic": "sized", "partition": 1, "offset": 500}]}')
            file.flush()
            run([PROGRAM, 'delete-records', '--bootstrap-server', broker.bootstrap, '--offset-json-file', file.name])
        until(lambda: of('logstartoffset', 1) == 500, 'the deleted ones are gone')


@check
def descriptors_of_the_process_are_told():
    with Broker() as broker:
        before = numbers(broker)
        expect(10 < before['process_open_fds'] < before['process_max_fds'], f'{before}')
        with contextlib.ExitStack() as open_connections:
            for _ in range(50):
                open_connections.enter_context(socket.create_connection(('127.0.0.1', broker.port)))
            until(lambda: numbers(broker)['process_open_fds'] >= before['process_open_fds'] + 50, 'connections are descriptors')
        expect_equal(numbers(broker)['process_max_fds'], resource.prlimit(broker.pid, resource.RLIMIT_NOFILE)[0], 'how many there may be')


if __name__ == '__main__':
    main('metrics')
