"""/metrics under the names that dashboards and alerts for Kafka ask for (docs/operations.md, "Watch it")."""

import contextlib
import os
import re
import resource
import socket
import tempfile
import urllib.request

from broker import PROGRAM, ROOT, Broker, run
from checks import check, expect, expect_equal, main, until

PAGE = os.path.join(ROOT, 'docs', 'operations.md')
LINE = re.compile(r'^(\w+)(\{.*\})? (\S+)$')


def numbers(broker):
    with urllib.request.urlopen(f'http://127.0.0.1:{broker.http_port}/metrics', timeout=10) as page:
        lines = page.read().decode().splitlines()
    found = [LINE.match(line) for line in lines if not line.startswith('#')]
    expect(all(found), 'a line is no metric')
    return {one.group(1) + (one.group(2) or ''): float(one.group(3)) for one in found}


def names_on_the_page():
    """The names of the table; "..." stands for what the name before it begins with."""
    with open(PAGE, encoding='utf-8') as file:
        rows = re.findall(r'^\| (`(?:kafka_(?!consumergroup)|process_|\.\.\._).*?) \|', file.read(), re.MULTILINE)
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
    names = names_on_the_page()
    expect(len(names) >= 25, f'{len(names)} names on the page: {names}')
    expect_equal([name for name in names if name not in told], [], 'names that are not told')


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
