"""The smaller tools against a broker: delete-records, log-dirs, broker-api-versions, cluster, features, storage."""

import json
import os
import re
import socket
import tempfile
import threading
import time

from broker import PROGRAM, Broker, free_port, run
from checks import check, expect, expect_equal, main
from tool_runs import Tool, transcript


class Peer:
    """Takes connections, sends each the same bytes, and says nothing more."""

    def __init__(self, greeting):
        self.greeting, self.connections, self.open = greeting, 0, []
        self.server = socket.create_server(('127.0.0.1', 0))
        self.address = f'127.0.0.1:{self.server.getsockname()[1]}'
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                one = self.server.accept()[0]
                one.sendall(self.greeting)
            except OSError:
                return
            self.connections += 1
            self.open.append(one)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.close()
        for one in self.open:
            one.close()



SHARED_BROKER = []


def broker():
    if not SHARED_BROKER:
        one = Broker().start()
        SHARED_BROKER.append(one)
        Tool('topics', one.bootstrap).good('--create', '--topic', 'orders', '--partitions', '3')
        for partition in range(3):
            run(['kcat', '-b', one.bootstrap, '-P', '-t', 'orders', '-p', str(partition)], data=b'record\n' * 10)
    return SHARED_BROKER[0]


def stop_shared():
    for one in SHARED_BROKER:
        one.discard()


def tool(name):
    return Tool(name, broker().bootstrap)


def file_with(folder, text):
    path = os.path.join(folder, 'given')
    with open(path, 'w', encoding='utf-8') as file:
        file.write(text)
    return path


@check
def records_are_deleted_as_a_file_says():
    wanted = transcript('delete-records-cluster').splitlines()
    with tempfile.TemporaryDirectory() as folder:
        # The file of the transcript, with offsets that fit ten records.
        path = file_with(folder, '{"partitions": [{"topic": "orders", "partition": 0, "offset": 5}, {"topic": "orders", '
                                 '"partition": 1, "offset": -1}, {"topic": "orders", "partition": 2, "offset": 99999999}], '
                                 '"version": 1}')
        status, said, complaints = tool('delete-records').run('--offset-json-file', path)
        lines = said.splitlines()
        expect_equal((status, complaints, lines[:3]), (1, '', wanted[:3]), 'status and first lines')
        expect_equal(lines[3], 'partition: orders-1\tlow_watermark: 10', 'all of a partition')
        expect(lines[4].startswith('partition: orders-2\terror: ') and 'OFFSET_OUT_OF_RANGE' in lines[4], lines[4])
        shown = json.loads(tool('delete-records').run('--offset-json-file', path, '--output', 'json')[1])['partitions']
        expect_equal([one.get('lowWatermark') for one in shown], [5, 10, None], 'JSON')
        path = file_with(folder, '{"partitions": [{"topic": "nobody", "partition": 7, "offset": 1}]}')
        status, said, complaints = tool('delete-records').run('--offset-json-file', path)
        expect_equal((status, complaints), (1, ''), 'status of a topic that is not there')
        expect(said.endswith("error: there is no partition 7 of a topic 'nobody': barnabas topics --describe shows what there is\n"), said)
    expect_equal(Tool('get-offsets', broker().bootstrap).good('--topic', 'orders', '--time', 'earliest'),
                 'orders:0:5\norders:1:10\norders:2:0\n', 'where the logs start')


@check
def a_file_that_says_nothing_useful_is_refused():
    with tempfile.TemporaryDirectory() as folder:
        for text, part in (('{"partitions": [', 'is no JSON: '), ('{"version": 1}', 'Missing partitions field'),
                           ('{"version": 2, "partitions": []}', 'Not supported version'),
                           ('{"partitions": [{"topic": "a", "partition": "0", "offset": 1}]}', 'needs a topic, a partition'),
                           ('{"partitions": [{"topic": "a", "partition": 0, "offset": 1}, '
                            '{"topic": "a", "partition": 0, "offset": 2}]}', 'duplicate topic partitions: a-0')):
            status, said, complaints = tool('delete-records').run('--offset-json-file', file_with(folder, text))
            expect((status, said, complaints.count('\n')) == (1, '', 1) and part in complaints, f'{text}: {complaints}')
    tool('delete-records').refuses('Missing required argument "[offset-json-file]"')


@check
def log_directories_are_described_as_in_the_transcript():
    said = tool('log-dirs').good('--describe', '--topic-list', 'orders').splitlines()
    expect_equal(said[:2], ['Querying brokers for log directories information',
                            'Received log directory information from brokers 1'], 'first lines')
    told, theirs = json.loads(said[2]), json.loads(transcript('log-dirs-describe').splitlines()[2])
    directory, model = told['brokers'][0]['logDirs'][0], theirs['brokers'][0]['logDirs'][0]
    expect_equal((list(told), list(directory), list(directory['partitions'][0])),
                 (list(theirs), list(model), list(model['partitions'][0])), 'names in their order')
    expect_equal((directory['logDir'], directory['error']), (broker().data_dir, None), 'the directory')
    expect_equal(sorted(one['partition'] for one in directory['partitions']), ['orders-0', 'orders-1', 'orders-2'], 'partitions')
    only = tool('log-dirs').good('--describe', '--broker-list', '1', '--topic-list', 'nope', '--output', 'json')
    expect_equal(json.loads(only)['brokers'][0]['logDirs'][0]['partitions'], [], 'of another topic')
    tool('log-dirs').refuses('The given brokers do not exist from --broker-list: 7. Current existent brokers: 1',
                             '--describe', '--broker-list', '1,7')
    tool('log-dirs').refuses('Missing required argument "[describe]"')


@check
def versions_are_listed_as_in_the_transcript():
    said = tool('broker-api-versions').good()
    lines = said.splitlines()
    expect_equal(lines[0], f'127.0.0.1:{broker().port} (id: 1 rack: null isFenced: false) -> (', 'the head')
    expect_equal(lines[-1], ')', 'the end')
    shape = re.compile(r'\t\w+\(\d+\): (\d+( to \d+)? \[usable: \d+\]|UNSUPPORTED),?')
    bad = [line for line in lines[1:-1] if not shape.fullmatch(line)]
    expect_equal(bad, [], 'lines of another shape')
    named = {line.strip().partition(':')[0] for line in lines[1:-1]}
    theirs = {line.strip().partition(':')[0] for line in transcript('broker-api-versions').splitlines() if line.startswith('\t')}
    inside = {'LeaderAndIsr(4)', 'StopReplica(5)', 'UpdateMetadata(6)', 'ControlledShutdown(7)'}
    expect_equal(theirs - named - inside, set(), 'APIs of Kafka 2.4 that are not named')
    expect('\tProduce(0): 0 to 13 [usable: 13],' in lines, lines[1])
    expect(all(line.endswith(',') for line in lines[1:-2]) and not lines[-2].endswith(','), 'commas')
    apis = json.loads(tool('broker-api-versions').good('--output', 'json'))['brokers'][0]['apis']
    expect({'key': 18, 'name': 'ApiVersions', 'min': 0, 'max': 4} in apis, f'{apis}')


@check
def a_server_that_is_not_there_fails_the_readiness_check():
    with tempfile.TemporaryDirectory() as folder:
        settings = file_with(folder, 'default.api.timeout.ms=1000\n')
        status, said, complaints = Tool('broker-api-versions', f'127.0.0.1:{free_port()}').run('--command-config', settings)
    expect_equal((status, said), (1, ''), 'status and standard output')
    expect('it got as far as: connect' in complaints, complaints)


@check
def the_cluster_is_named_and_its_endpoints_are_listed():
    with open(os.path.join(broker().data_dir, 'meta.properties'), encoding='utf-8') as lines:
        cluster = next(line for line in lines if line.startswith('cluster.id=')).strip().partition('=')[2]
    run_cluster = Tool('cluster').run
    server = ('--bootstrap-server', broker().bootstrap)
    expect_equal(run_cluster('cluster-id', *server), (0, f'Cluster ID: {cluster}\n', ''), 'cluster-id')
    expect_equal(json.loads(run_cluster('cluster-id', *server, '--output', 'json')[1]), {'clusterId': cluster}, 'JSON')
    expect_equal(run_cluster('list-endpoints', *server)[1],
                 f'ID         HOST      PORT       RACK       STATE      ENDPOINT_TYPE  \n1          127.0.0.1 {broker().port:<10} '
                 'null       unfenced   broker         \n', 'list-endpoints')
    with tempfile.TemporaryDirectory() as folder:
        old = ('--config', file_with(folder, 'client.id=by-the-old-name\n'))
        expect_equal(run_cluster('cluster-id', *server, *old),
                     (0, 'Option --config is deprecated and will be removed in a future version. Use --command-config instead.\n'
                      f'Cluster ID: {cluster}\n', ''), 'the old name of --command-config')
        old = ('--config', file_with(folder, 'clent.id=x\n'))
        expect('did you mean client.id?' in run_cluster('cluster-id', *server, *old)[2], 'it is not read')
    status, said, complaints = run_cluster('unregister', *server, '--id', '1')
    expect_equal((status, said), (1, ''), 'unregister')
    expect('does not support the broker unregistration API' in complaints, complaints)
    Tool('cluster').refuses("'id' is none of cluster-id, list-endpoints, unregister", 'id', *server)
    Tool('cluster').refuses('argument --id/-i is required', 'unregister', *server)
    Tool('cluster').refuses('Please specify --bootstrap-server.', 'cluster-id')


@check
def features_are_described_and_what_cannot_change_says_so():
    said = tool('features').good('describe')
    found = re.fullmatch(r'Feature: group\.version\tSupportedMinVersion: \d+\tSupportedMaxVersion: (\d+)\t'
                         r'FinalizedVersionLevel: (\d+)\tEpoch: (\d+|-)\n', said)
    expect(found, f'{said!r}')
    status, said, complaints = tool('features').run('upgrade', '--feature', 'group.version=99')
    expect_equal((status, complaints), (1, '1 out of 1 operation(s) failed.\n'), 'upgrade')
    expect(said.startswith('Could not upgrade group.version to 99. ') and said.count('\n') == 1, said)
    status, said, _ = tool('features').run('disable', '--feature', 'no.such', '--dry-run')
    expect(status == 1 and said.startswith('Can not disable no.such. '), said)
    shown = json.loads(tool('features').good('describe', '--output', 'json'))['features'][0]
    expect_equal((shown['feature'], shown['finalized']), ('group.version', int(found.group(2))), 'JSON')
    tool('features').refuses('You must specify at least one feature to upgrade', 'upgrade')
    tool('features').refuses('equals sign not found', 'upgrade', '--feature', 'group.version')
    Tool('features').refuses("'list' is none of describe, upgrade, downgrade, disable, version-mapping, feature-dependencies", 'list')


@check
def features_follow_a_release_of_kafka():
    for more, wanted in (((), 'was upgraded to 1.\n'), (('--dry-run',), 'can be upgraded to 1.\n')):
        for version in ('4.0', '4.0-IV0', '4.2.1', '4.3-IV0'):
            expect_equal(tool('features').run('upgrade', '--release-version', version, *more), (0, f'group.version {wanted}', ''), version)
    status, said, complaints = tool('features').run('upgrade', '--release-version', '3.9')
    expect_equal((status, said, complaints), (1, '', 'You must specify at least one feature to upgrade: of those that the cluster has none '
                                                     'is in 3.9-IV0\n'), 'a release without any of these features')
    status, said, complaints = tool('features').run('downgrade', '--release-version', '3.9')
    expect(status == 1 and said.startswith('Could not downgrade group.version to 0. '), said)
    expect_equal(complaints, '1 out of 1 operation(s) failed.\n', 'downgrade')
    rows = json.loads(tool('features').good('upgrade', '--release-version', '4.2', '--output', 'json'))
    expect_equal(rows, {'features': [{'feature': 'group.version', 'level': 1, 'error': None}]}, 'JSON')
    tool('features').refuses('Unknown metadata.version 5.7. Supported metadata.version are 3.3-IV3, 3.4-IV0, ', 'upgrade', '--release-version',
                             '5.7')
    tool('features').refuses('Can not specify `release-version` with other feature flags.', 'upgrade', '--release-version', '4.2', '--feature',
                             'group.version=1')
    tool('features').refuses('--release-version VERSION means all features', 'upgrade', '--metadata', '4.2')
    tool('features').refuses('name features with --feature', 'disable', '--release-version', '4.2')


@check
def releases_of_kafka_and_what_features_need_are_told_without_a_broker():
    for one in (Tool('features'), Tool('storage')):
        for version, wanted in (('', 'metadata.version=30 (4.3-IV0)\ngroup.version=1\n'), ('4.0', 'metadata.version=25 (4.0)\ngroup.version=1\n'),
                                ('4.1-IV0', 'metadata.version=26 (4.1-IV0)\ngroup.version=1\n'),
                                ('3.6-IV1', 'metadata.version=13 (3.6-IV1)\ngroup.version=0\n'),
                                ('3.9.1', 'metadata.version=21 (3.9.1)\ngroup.version=0\n')):
            expect_equal(one.good('version-mapping', *(('--release-version', version) if version else ())), wanted, version)
        for version in ('abc', '', '4', '4.9', '3.2-IV0', '4.0-IV9', '4.'):
            status, said, complaints = one.run('version-mapping', '--release-version', version)
            expect_equal((status, said, complaints), (1, '', f"Unknown release version '{version}'. Supported versions are: 3.3-IV3 to 4.3-IV0\n"),
                         version)
        expect_equal(one.good('feature-dependencies', '--feature', 'metadata.version=17', '--feature', 'group.version=1'),
                     'metadata.version=17 (3.7-IV2) has no dependencies.\ngroup.version=1 has no dependencies.\n', 'feature-dependencies')
        for feature, wanted in (('metadata.version=6', 'Unknown metadata.version 6'), ('metadata.version=31', 'Unknown metadata.version 31'),
                                ('foo.bar=1', 'Unknown feature: foo.bar'), ('group.version=2', 'No feature:group.version with feature level 2'),
                                ('group.version', "Can't parse feature=level string group.version: equals sign not found.")):
            expect_equal(one.run('feature-dependencies', '--feature', feature), (1, '', wanted + '\n'), feature)
        expect_equal(one.run('feature-dependencies')[0::2], (1, 'argument --feature is required\n'), 'no feature')


def storage(*arguments):
    return Tool('storage').run(*arguments)


@check
def a_formatted_directory_is_the_one_that_starts():
    status, made, _ = storage('random-uuid')
    identity = made.strip()
    expect(status == 0 and re.fullmatch('[A-Za-z0-9_][A-Za-z0-9_-]{21}', identity), made)
    with tempfile.TemporaryDirectory() as folder:
        data = os.path.join(folder, 'data')
        config = file_with(folder, f'log.dirs={data}\nnode.id=1\n')
        status, said, _ = storage('info', '-c', config)
        expect_equal((status, said), (1, f'Found problem:\n  {data} does not exist\n\n'), 'before')
        expect_equal(storage('format', '--standalone', '-t', identity, '-c', config),
                     (0, f'Formatting dynamic metadata voter directory {data} with metadata.version 4.3-IV0.\n', ''), 'format')
        status, said, complaints = storage('format', '-t', identity, '-c', config)
        expect((status, said) == (1, '') and f'Log directory {data} is already formatted. Use --ignore-formatted' in complaints,
               complaints)
        expect_equal(storage('format', '-t', identity, '-c', config, '-g'),
                     (0, 'All of the log directories are already formatted.\n', ''), 'again')
        status, said, _ = storage('info', '-c', config)
        expect(status == 0 and said.startswith(f'Found log directory:\n  {data}\n\nFound metadata: {{cluster.id={identity}, '
                                               'directory.id='), said)
        with Broker(data_dir=data) as one:
            expect_equal(Tool('cluster', one.bootstrap).good('cluster-id'), f'Cluster ID: {identity}\n', 'of the broker')
        other = storage('random-uuid')[1].strip()
        status, _, complaints = storage('format', '-t', other, '-c', config, '-g')
        expect(status == 1 and f'belongs to the cluster {identity}, not to {other}' in complaints, complaints)


@check
def what_cannot_be_formatted_is_refused_and_left_alone():
    with tempfile.TemporaryDirectory() as folder:
        one, two = os.path.join(folder, 'one'), os.path.join(folder, 'two')
        os.mkdir(two)
        file_with(two, 'somebody else')
        config = file_with(folder, f'log.dirs={one},{two}\n')
        identity = storage('random-uuid')[1].strip()
        status, said, complaints = storage('format', '-t', identity, '-c', config)
        expect((status, said) == (1, '') and "is not empty (it holds 'given')" in complaints, complaints)
        expect(not os.path.exists(one), 'another directory was formatted')
        Tool('storage').refuses('does not appear to be a valid UUID', 'format', '-t', 'abc', '-c', config)
        Tool('storage').refuses('Unknown metadata.version 1.1. Supported metadata.version are 3.3-IV3, 3.4-IV0, ', 'format', '-t', identity,
                                '-c', config, '-r', '1.1')
        Tool('storage').refuses('Use --release-version instead of --feature metadata.version=X', 'format', '-t', identity, '-c', config,
                                '-r', '4.0', '-f', 'metadata.version=25')
        Tool('storage').refuses('not allowed with argument --standalone/-s', 'format', '-t', identity, '-c', config, '-s', '-N')
    Tool('storage').refuses('argument --config/-c is required', 'info')
    Tool('storage').refuses("'fromat' is none of info, format, version-mapping, feature-dependencies, random-uuid", 'fromat')


@check
def each_directory_is_told_as_kafka_tells_it():
    with tempfile.TemporaryDirectory() as folder:
        for number, (more, kind, version) in enumerate(((('-N',), 'metadata', '4.3-IV0'), (('-r', '4.0'), 'metadata', '4.0-IV3'),
                                                        (('-f', 'metadata.version=20', '-s'), 'dynamic metadata voter', '3.8-IV0'))):
            one, two = (os.path.join(folder, f'{name}{number}') for name in ('one', 'two'))
            config = file_with(folder, f'log.dirs={one},{two}\n')
            expect_equal(storage('format', '-t', storage('random-uuid')[1].strip(), '-c', config, *more),
                         (0, f'Formatting {kind} directory {one} with metadata.version {version}.\n'
                             f'Formatting data directory {two} with metadata.version {version}.\n', ''), f'format {more}')
        config = file_with(folder, f'log.dirs={folder}/three\n')
        status, said, _ = storage('format', '-t', 'yAsT-4L9QSeem6gAm7GFbQ', '-c', config, '--output', 'json')
        expect_equal((status, json.loads(said)), (0, {'clusterId': 'yAsT-4L9QSeem6gAm7GFbQ', 'formatted': [f'{folder}/three'],
                                                      'metadataVersion': '4.3-IV0'}), 'JSON')


@check
def a_directory_that_was_only_formatted_has_nothing_to_recover():
    one = Broker({'barnabas.log.level': 'info'})
    try:
        config = os.path.join(one.home, 'server.properties')
        with open(config, 'w', encoding='utf-8') as file:
            file.write(f'log.dirs={one.data_dir}\n')
        expect_equal(storage('format', '-t', storage('random-uuid')[1].strip(), '-c', config)[0], 0, 'status of format')
        one.start()
        expect('was not closed in good order' not in one.stderr(), one.stderr())
        one.kill()
        since = one.mark()
        one.start()
        one.wait_for_line('was not closed in good order', since)
    finally:
        one.discard()


@check
def a_cluster_that_cannot_be_reached_is_one_line_that_says_what_to_do():
    with tempfile.TemporaryDirectory() as folder:
        config, offsets = os.path.join(folder, 'client.properties'), os.path.join(folder, 'offsets.json')
        with open(config, 'w', encoding='utf-8') as file:
            file.write('default.api.timeout.ms=500\nrequest.timeout.ms=500\n')
        with open(offsets, 'w', encoding='utf-8') as file:
            file.write('{"partitions":[{"topic":"t","partition":0,"offset":1}],"version":1}')
        nobody = f'127.0.0.1:{free_port()}'
        for name, *arguments in (('topics', '--list'), ('get-offsets',), ('groups', '--list'), ('configs', '--describe', '--topic', 't'),
                                 ('consumer-groups', '--list', '--timeout', '500'), ('log-dirs', '--describe'),
                                 ('broker-api-versions',), ('cluster', 'cluster-id'), ('features', 'describe'), ('consume', 't')):
            done = run([PROGRAM, name, *arguments, '--bootstrap-server', nobody, '--command-config', config], good=False, seconds=20)
            said = [line for line in (done.stdout + done.stderr).decode().splitlines() if line and not line.endswith('; trying on')]
            expect_equal((done.returncode, len(said)), (1, 1), f'status and lines of {name} ({said})')
            expect(f'cannot connect to {nobody}' in said[0] and 'it got as far as: connect' in said[0], f'{name}: {said[0]}')
            expect(name == 'consume' or 'barnabas doctor' in said[0], f'{name} does not say what to do: {said[0]}')


def timed(name, *arguments):
    began = time.monotonic()
    done = run([PROGRAM, name, *arguments], good=False, seconds=40)
    return time.monotonic() - began, done.returncode, done.stdout.decode(), done.stderr.decode()


@check
def broker_api_versions_fails_at_once_where_no_broker_is():
    nobody = f'127.0.0.1:{free_port()}'
    took, status, said, complaints = timed('broker-api-versions', '--bootstrap-server', nobody)
    expect_equal((status, said, complaints.count('\n')), (1, '', 1), complaints)
    expect(took < 5 and f'cannot connect to {nobody}' in complaints, f'{took} s: {complaints}')
    with Peer(b'SSH-2.0-OpenSSH_9.2\r\n') as peer:
        took, status, said, complaints = timed('broker-api-versions', '--bootstrap-server', peer.address)
        expect_equal((status, said), (1, ''), complaints)
        expect(took < 5 and 'the broker announced a response of' in complaints.splitlines()[-1], f'{took} s: {complaints}')
    with Peer(b'') as peer:
        took, status, said, complaints = timed('broker-api-versions', '--bootstrap-server', peer.address)
        expect_equal((status, said, complaints.count('\n')), (1, '', 1), complaints)
        expect(4 < took < 20 and 'the broker did not answer in time' in complaints, f'{took} s: {complaints}')


@check
def tools_give_up_after_a_while_where_no_broker_is_and_say_each_cause_once():
    nobody = f'127.0.0.1:{free_port()}'
    took, status, said, complaints = timed('get-offsets', '--bootstrap-server', nobody)
    expect_equal(status, 1, complaints)
    expect(8 < took < 30 and 'it got as far as: connect' in (said + complaints), f'{took} s: {said} {complaints}')
    with Peer(b'SSH-2.0-OpenSSH_9.2\r\n') as peer:
        took, status, said, complaints = timed('topics', '--list', '--bootstrap-server', peer.address)
        expect_equal(status, 1, complaints)
        expect(8 < took < 30 and 'the broker announced a response of' in said, f'{took} s: {said} {complaints}')
        expect(peer.connections > 5, f'{peer.connections} connections')
        expect_equal(complaints.count('the broker announced a response of'), 2, f'the log and the warning: {complaints}')


@check
def what_answers_instead_of_a_broker_is_one_line_that_says_what_to_do():
    for greeting, what, advice in ((b'HTTP/1.1 400 Bad Request\r\n\r\n', 'an HTTP server answers there, no broker', 'mostly at port 9092'),
                                   (b'\x15\x03\x03\x00\x02\x02\x46', 'a TLS server answers there', 'a PLAINTEXT listener')):
        with Peer(greeting) as peer:
            for arguments in (['topics', '--list'], ['broker-api-versions'], ['consumer-groups', '--list', '--timeout', '20000'],
                              ['doctor', '--timeout', '20000'], ['consume', 't']):
                took, status, said, complaints = timed(*arguments, '--bootstrap-server', peer.address)
                lines = [line for line in (said + complaints).splitlines() if what in line]
                expect_equal((status, len(lines)), (1, 1), f'status and lines of {arguments} ({said} {complaints})')
                expect(took < 8 and f'{peer.address}: {what}' in lines[0] and advice in lines[0], f'{took} s: {lines}')
                expect(arguments[0] == 'doctor' or (said + complaints).strip() == lines[0], f'{arguments}: {said} {complaints}')


@check
def keys_that_change_nothing_are_named_in_one_line():
    begins = 'barnabas: warning: these keys are given and change nothing here: '
    server = ('--bootstrap-server', broker().bootstrap)
    with tempfile.TemporaryDirectory() as folder:
        path = file_with(folder, 'acks=1\ngroup.id=g\nmetric.reporters=x\nauto.offset.reset=earliest\nrequest.timeout.ms=5000\n')
        for name, arguments, unused in (
                ('topics', ('--list',), 'acks, auto.offset.reset, group.id, metric.reporters'),
                ('console-producer', ('--topic', 'orders'), 'auto.offset.reset, group.id, metric.reporters'),
                ('console-consumer', ('--topic', 'orders', '--max-messages', '1'), 'acks, metric.reporters'),
                ('consumer-perf-test', ('--topic', 'orders', '--num-records', '1'), 'acks, metric.reporters'),
                ('e2e-latency', ('--topic', 'orders', '--num-records', '1', '--producer-acks', '1', '--record-size', '1'),
                 'metric.reporters')):
            done = run([PROGRAM, name, *server, *arguments, '--command-config', path], data=b'one\n')
            lines = [line for line in done.stderr.decode().splitlines() if 'Processed a total' not in line]
            expect_equal(lines, [begins + unused], f'standard error of {name}')
        path = file_with(folder, 'acks=1\nrequest.timeout.ms=soon\n')
        status, said, complaints = tool('topics').run('--list', '--command-config', path)
        expect('request.timeout.ms=soon' in said + complaints and begins not in complaints and status == 1,
               f'an invalid value stays an error: {said} {complaints}')


if __name__ == '__main__':
    main('admin_tools', stop_shared)
