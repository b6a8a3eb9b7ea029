"""`barnabas topics` against a broker: flags, output and exit status of Kafka's kafka-topics.sh, version 4."""

import json
import os
import re
import subprocess
import tempfile
import threading

from broker import PROGRAM, ROOT, Broker, free_port, run
from checks import Skip, check, expect, expect_equal, main, until

SHARED = os.environ.get('BARNABAS_SHARED', os.path.join(ROOT, '..', 'shared'))
TRANSCRIPTS = os.path.join(SHARED, 'kafka-data', 'transcripts')
FAILED = 'Error while executing topic command : '
WARNING = ("WARNING: Due to limitations in metric names, topics with a period ('.') or underscore ('_') could collide. "
           'To avoid issues it is best to use either, but not both.\n')
SHARED_BROKER = []


def broker():
    """One broker for all checks that leave no traces but topics of their own."""
    if not SHARED_BROKER:
        SHARED_BROKER.append(Broker({'num.partitions': 2}).start())
    return SHARED_BROKER[0]


def stop_shared():
    for one in SHARED_BROKER:
        one.discard()


def tool(*arguments, server=None):
    """(exit status, standard output, standard error) of the tool."""
    server = broker().bootstrap if server is None else server
    done = run([PROGRAM, 'topics', *(['--bootstrap-server', server] if server else []), *arguments], good=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def good(*arguments, server=None):
    status, said, complaints = tool(*arguments, server=server)
    expect_equal((status, complaints), (0, ''), f'status and standard error of {arguments} ({said[-200:]})')
    return said


def expect_failure(message, *arguments):
    expect_equal(tool(*arguments), (1, FAILED + message + '\n', ''), f'what {arguments} gives')


def expect_misuse(part, *arguments, server=None):
    status, said, complaints = tool(*arguments, server=server)
    expect_equal((status, said), (1, ''), f'status and standard output of {arguments}')
    expect(part in complaints, f'{arguments}: {complaints}')
    expect_equal(complaints.count('\n'), 1, 'lines on standard error')


def transcript(name):
    path = os.path.join(TRANSCRIPTS, name + '.txt')
    if not os.path.exists(path):
        raise Skip(f'{path} is absent (BARNABAS_SHARED names the folder of kafka-data)')
    with open(path, encoding='utf-8') as lines:
        return lines.read().partition('\n')[2]


@check
def creates_lists_describes_alters_and_deletes():
    expect_equal(good('--create', '--topic', 'orders', '--partitions', '3', '--replication-factor', '1', '--config',
                      'retention.ms=3600000'), 'Created topic orders.\n', 'create')
    expect('orders' in good('--list').splitlines(), 'the list lacks it')
    shown = good('--describe', '--topic', 'orders')
    found = re.fullmatch('Topic: orders\tTopicId: ([A-Za-z0-9_-]{22})\tPartitionCount: 3\tReplicationFactor: 1'
                         '\tConfigs: ([^\t\n]*)\n((?:\t[^\n]*\n){3})', shown)
    expect(found, f'the description is {shown!r}')
    expect('retention.ms=3600000' in found.group(2).split(','), f'settings: {found.group(2)}')
    expect_equal(found.group(3), ''.join(f'\tTopic: orders\tPartition: {number}\tLeader: 1\tReplicas: 1\tIsr: 1\tElr: N/A'
                                         '\tLastKnownElr: N/A\n' for number in range(3)), 'partitions')
    expect_equal(good('--alter', '--topic', 'orders', '--partitions', '4'), '', 'alter')
    expect('\tPartitionCount: 4\t' in good('--describe', '--topic', 'orders'), 'not enlarged')
    expect_equal(good('--delete', '--topic', 'orders'), '', 'delete')
    expect('orders' not in good('--list').splitlines(), 'it is still listed')


@check
def leaves_partitions_and_replicas_to_the_broker():
    good('--create', '--topic', 'quickstart-events')
    expect('\tPartitionCount: 2\tReplicationFactor: 1\t' in good('--describe', '--topic', 'quickstart-events'),
           'not the defaults of the broker')


@check
def an_empty_list_is_one_empty_line():
    expect_equal(good('--list', '--topic', 'nobody-is-called-so'), '\n', 'list')


@check
def names_that_metrics_confuse_are_warned_of():
    expect_equal(good('--create', '--topic', 'audit.log'), WARNING + 'Created topic audit.log.\n', 'create')
    expect_equal(transcript('topics-create-assignment'), WARNING, "what Kafka's tool warned of")


@check
def failures_are_in_the_words_that_people_grep():
    good('--create', '--topic', 'there', '--partitions', '2')
    expect_failure("Topic 'there' already exists.", '--create', '--topic', 'there')
    expect_failure("Topic 'Optional[gone]' does not exist as expected", '--delete', '--topic', 'gone')
    expect_failure("Topic 'Optional[gone]' does not exist as expected", '--describe', '--topic', 'gone')
    expect_failure("Topic 'Optional[gone]' does not exist as expected", '--alter', '--topic', 'gone', '--partitions', '2')
    expect_failure('The replication factor must be between 1 and 32767 inclusive', '--create', '--topic', 'a',
                   '--replication-factor', '0')
    expect_failure('requirement failed: Invalid topic config: all configs to be added must be in the format "key=val".',
                   '--create', '--topic', 'a', '--config', 'retention.ms')
    expect_failure('Partition replica lists may not contain duplicate entries: 1', '--create', '--topic', 'a',
                   '--replica-assignment', '1:1')
    expect_failure('Partition 1 has different replication factor: 1,2', '--create', '--topic', 'a', '--replica-assignment',
                   '1,1:2')


@check
def failures_are_those_of_the_transcripts():
    """Where Kafka 2.4 printed the exception's class in front, newer versions do not."""
    good('--create', '--topic', 'three', '--partitions', '3')
    for name, arguments in (
            ('topics-create-zero-partitions', ['--create', '--topic', 'zero', '--partitions', '0']),
            ('topics-create-bad-config', ['--create', '--topic', 'badcfg', '--config', 'segment.bytes=abc']),
            ('topics-create-bad-name', ['--create', '--topic', 'bad/name']),
            ('topics-create-bad-rf', ['--create', '--topic', 'toomany', '--replication-factor', '5']),
            ('topics-alter-fewer-partitions', ['--alter', '--topic', 'three', '--partitions', '2'])):
        wanted = re.sub(r' : org\.apache\.kafka\.[a-zA-Z.]+: ', ' : ', transcript(name)).replace('brokers: 3', 'brokers: 1')
        status, said, complaints = tool(*arguments)
        expect_equal((status, complaints), (1, ''), f'{name}: status and standard error')
        key = re.sub(r'[^a-z0-9 ]', '', wanted.removeprefix(FAILED).lower()).split()
        seen = re.sub(r'[^a-z0-9 ]', '', said.removeprefix(FAILED).lower()).split()
        expect(said.startswith(FAILED), f'{name}: {said}')
        if name in ('topics-create-zero-partitions', 'topics-create-bad-config'):
            expect_equal(said, wanted, name)
        else:
            # The broker's own words, which name the same things.
            facts = {'bad-name': 'character', 'bad-rf': '5', 'fewer-partitions': '3'}[name.split('-', 2)[2]]
            expect(facts in seen and facts in key, f'{name}: {said!r} instead of {wanted!r}')


@check
def exist_flags_turn_failures_into_nothing():
    good('--create', '--topic', 'once')
    expect_equal(good('--create', '--topic', 'once', '--if-not-exists'), '', 'create')
    for arguments in (['--delete', '--if-exists'], ['--describe', '--if-exists'], ['--alter', '--partitions', '9', '--if-exists']):
        expect_equal(good(*arguments, '--topic', 'never-was'), '', f'{arguments}')


@check
def wrong_usage_is_one_line_and_status_1():
    action = 'Command must include exactly one action: --list, --describe, --create, --alter or --delete'
    expect_misuse(action, '--topic', 'orders')
    expect_misuse(action, '--list', '--describe')
    expect_misuse('Missing required argument "[topic]"', '--create')
    expect_misuse('Missing required argument "[partitions]"', '--alter', '--topic', 'a')
    expect_misuse('Option "[partitions]" can\'t be used with option "[list]"', '--list', '--partitions', '1')
    expect_misuse('Option "[replica-assignment]" can\'t be used with option "[partitions]"', '--create', '--topic', 'a',
                  '--replica-assignment', '1', '--partitions', '1')
    expect_misuse('Option "[if-not-exists]" can\'t be used with option "[delete]"', '--delete', '--topic', 'a',
                  '--if-not-exists')
    expect_misuse('can\'t be used with option "[at-min-isr-partitions]"', '--describe', '--under-min-isr-partitions',
                  '--at-min-isr-partitions')
    expect_misuse('did you mean --partitions?', '--create', '--topic', 'a', '--partitons', '1')
    expect_misuse('--bootstrap-server HOST:PORT', '--zookeeper', 'localhost:2181', '--list', server='')
    expect_equal(tool('--list', server=''), (1, FAILED + '--bootstrap-server must be specified\n', ''), 'without a server')


@check
def names_may_be_lists_and_patterns():
    for name in ('pattern-a', 'pattern-b', 'other-pattern'):
        good('--create', '--topic', name)
    expect_equal(good('--list', '--topic', 'pattern-.*'), 'pattern-a\npattern-b\n', 'a pattern')
    expect_equal(good('--list', '--topic', 'pattern-b, other-pattern'), 'other-pattern\npattern-b\n', 'a list')
    expect_failure('pattern-( is an invalid regex.', '--list', '--topic', 'pattern-(')
    good('--delete', '--topic', 'pattern-.*')
    expect_equal(good('--list', '--topic', '.*pattern.*'), 'other-pattern\n', 'what is left')


@check
def patterns_are_those_of_java():
    for name in ('java-1', 'java-2', 'java-3', 'java-' + 40 * 'a'):
        good('--create', '--topic', name)
    for pattern, wanted in (('^(?!java-1$)java-.$', ['2', '3']), (r'java-\d(?<!2)', ['1', '3']), (r'java-[\[&&2]', None),
                            ('(?i)JAVA-[^12a]', ['3']), (r'\Qjava-\E[&23]', ['2', '3']), ('java-(1|2)++', ['1', '2'])):
        if wanted:
            expect_equal(good('--list', '--topic', pattern).split(), [f'java-{one}' for one in wanted], pattern)
        else:
            expect('has a class within a class at &&2]' in tool('--list', '--topic', pattern)[1], pattern)
    expect_failure('java-[0-9&&[^1]] has a class within a class at &&[^1]], which is not understood here: exclude names in front, as in '
                   '(?!1)[0-9]', '--list', '--topic', 'java-[0-9&&[^1]]')
    expect('at [b]]' in tool('--list', '--topic', '[a[b]]')[1], 'a class joined to a class')
    expect_failure('java-(?<! is an invalid regex.', '--list', '--topic', 'java-(?<!')
    exploding = 'java-(a|a|a)*b'
    status, said, _ = tool('--delete', '--topic', exploding)
    expect(status == 1 and f'{exploding} takes too many steps to match with java-aaaa' in said, f'{status} {said}')
    good('--delete', '--topic', '^(?!java-1$)java-.*')
    expect_equal(good('--list', '--topic', 'java-.*'), 'java-1\n', 'what is left')


@check
def finds_a_topic_by_its_id():
    good('--create', '--topic', 'by-id')
    found = json.loads(good('--list', '--topic', 'by-id', '--output', 'json'))['topics'][0]
    expect(good('--describe', '--topic-id', found['topicId']).startswith('Topic: by-id\tTopicId: ' + found['topicId']),
           'another topic')
    expect_failure("TopicId 'AAAAAAAAAAAAAAAAAAAABA' does not exist as expected", '--describe', '--topic-id',
                   'AAAAAAAAAAAAAAAAAAAABA')


@check
def shows_only_the_partitions_that_are_asked_for():
    good('--create', '--topic', 'chosen', '--replica-assignment', '1,1')
    for flag in ('--under-replicated-partitions', '--unavailable-partitions', '--under-min-isr-partitions'):
        expect_equal(good('--describe', '--topic', 'chosen', flag), '', flag)
    shown = good('--describe', '--topic', 'chosen', '--at-min-isr-partitions')
    expect_equal([line.split('\t')[2] for line in shown.splitlines()], ['Partition: 0', 'Partition: 1'], 'at min ISR')
    good('--create', '--topic', 'with-override', '--config', 'retention.ms=1000')
    shown = good('--describe', '--topics-with-overrides', '--topic', 'with-override')
    expect(re.fullmatch('Topic: with-override\t.*retention.ms=1000.*\n', shown), f'overrides: {shown!r}')


@check
def internal_topics_are_shown_unless_excluded():
    with Broker() as one:
        run(['kcat', '-b', one.bootstrap, '-P', '-t', 'seen'], data=b'x\n')
        run(['kcat', '-b', one.bootstrap, '-G', 'g', '-c', '1', '-X', 'auto.offset.reset=earliest', 'seen'])
        expect_equal(good('--list', server=one.bootstrap), '__consumer_offsets\nseen\n', 'all')
        expect_equal(good('--list', '--exclude-internal', server=one.bootstrap), 'seen\n', 'without internal ones')


@check
def a_blank_name_stands_for_no_topic():
    with Broker() as one:
        good('--create', '--topic', 'kept', server=one.bootstrap)
        run(['kcat', '-b', one.bootstrap, '-P', '-t', 'kept'], data=b'x\n')
        run(['kcat', '-b', one.bootstrap, '-G', 'g', '-c', '1', '-X', 'auto.offset.reset=earliest', 'kept'])
        for blank in ('', ' ', ',', "''", '\t'):
            for action in (['--delete'], ['--delete', '--if-exists'], ['--describe'], ['--list'], ['--alter', '--partitions', '99']):
                status, said, complaints = tool(*action, '--topic', blank, server=one.bootstrap)
                expect_equal((status, complaints), (1, ''), f'{action} of {blank!r}')
                expect(said.startswith(f"{FAILED}'{blank}' names no topic: "), f'{action} of {blank!r}: {said}')
        expect_equal(good('--list', server=one.bootstrap), '__consumer_offsets\nkept\n', 'what is left')


@check
def patterns_leave_internal_topics_alone():
    with Broker() as one:
        for name in ('kept', '__consumer_things'):
            good('--create', '--topic', name, server=one.bootstrap)
        run(['kcat', '-b', one.bootstrap, '-P', '-t', 'kept'], data=b'x\n')
        run(['kcat', '-b', one.bootstrap, '-G', 'g', '-c', '1', '-X', 'auto.offset.reset=earliest', 'kept'])
        status, said, _ = tool('--delete', '--topic', '__consumer_off.*', server=one.bootstrap)
        expect_equal(status, 1, 'status of a pattern that fits only an internal topic')
        expect(said.startswith(FAILED + '__consumer_offsets is internal to the cluster; '), said)
        status, said, complaints = tool('--delete', '--topic', '__consumer.*', server=one.bootstrap)
        expect_equal((status, said), (0, ''), 'status and output of a pattern that fits others too')
        expect('left alone: __consumer_offsets is internal' in complaints, complaints)
        expect_equal(good('--list', server=one.bootstrap), '__consumer_offsets\nkept\n', 'what is left')
        status, _, complaints = tool('--alter', '--partitions', '60', '--topic', '.*', server=one.bootstrap)
        expect_equal(status, 0, 'status of --alter')
        expect('left alone: __consumer_offsets is internal' in complaints, complaints)
        expect('PartitionCount: 50\t' in good('--describe', '--topic', '__consumer_offsets', server=one.bootstrap), 'enlarged')
        good('--delete', '--topic', '__consumer_offsets,kept', server=one.bootstrap)
        expect_equal(good('--list', server=one.bootstrap), '\n', 'by their names')


@check
def speaks_json():
    made = json.loads(good('--create', '--topic', 'json_one', '--partitions', '2', '--output', 'json'))['created']
    expect_equal((made['name'], made['partitions'], made['replicationFactor']), ('json_one', 2, 1), 'created')
    shown = json.loads(good('--describe', '--topic', 'json_one', '--output', 'json'))['topics'][0]
    expect_equal((shown['name'], shown['topicId'], shown['partitionCount']), ('json_one', made['topicId'], 2), 'described')
    expect_equal(shown['partitions'][1], {'partition': 1, 'leader': 1, 'leaderEpoch': 0, 'replicas': [1], 'isr': [1],
                                          'offline': [], 'elr': None, 'lastKnownElr': None}, 'a partition')
    status, said, _ = tool('--create', '--topic', 'json_one', '--output', 'json')
    expect_equal((status, json.loads(said)['error']['code']), (1, 'topic_already_exists'), 'an error')


@check
def a_server_that_is_not_there_is_told_at_once_and_said_in_the_end():
    with tempfile.NamedTemporaryFile('w', suffix='.properties') as file:
        file.write('default.api.timeout.ms=1500\n')
        file.flush()
        port = free_port()
        status, said, complaints = tool('--list', '--command-config', file.name, server=f'127.0.0.1:{port}')
    expect_equal(status, 1, 'exit status')
    expect(said.startswith(FAILED + 'Metadata for any broker has no answer after 15'), said)
    expect('it got as far as: connect;' in said and f'127.0.0.1:{port}: cannot connect' in said, said)
    expect_equal(complaints.count('warning: 127.0.0.1'), 1, f'warnings in {complaints}')


@check
def one_dead_server_of_two_does_no_harm():
    status, said, _ = tool('--list', '--topic', 'nobody', server=f'127.0.0.1:{free_port()},{broker().bootstrap}')
    expect_equal((status, said), (0, '\n'), 'status and list')


@check
def waits_for_a_broker_that_comes_back():
    with Broker() as one:
        good('--create', '--topic', 'kept', server=one.bootstrap)
        one.kill()
        done = []
        waiting = threading.Thread(target=lambda: done.append(tool('--describe', '--topic', 'kept', server=one.bootstrap)))
        waiting.start()
        one.restart()
        waiting.join(60)
        until(lambda: done, 'the tool ends')
        status, said, _ = done[0]
        expect_equal(status, 0, f'exit status ({said})')
        expect(said.startswith('Topic: kept\t'), said)


def told_of(*lines, tool_name='topics', arguments=('--list',), option='--command-config'):
    """What a tool with a file of these keys ends with and says on standard error."""
    with tempfile.NamedTemporaryFile('w', suffix='.properties') as file:
        file.write(''.join(line + '\n' for line in lines))
        file.flush()
        done = run([PROGRAM, tool_name, '--bootstrap-server', broker().bootstrap, *arguments, option, file.name], good=False)
    # What topics --list shows are names; its failures stand there as well.
    shown = done.stdout.decode() if done.returncode else ''
    return done.returncode, shown + done.stderr.decode()


PASSED_OVER = 'barnabas: warning: passed over: no client key is named '


@check
def keys_that_nobody_knows_are_told_and_passed_over():
    told = ''.join(PASSED_OVER + name + '\n' for name in
                   ('reqest.timeout.ms; did you mean request.timeout.ms?', 'schema.registry.url'))
    keys = ('schema.registry.url=http://x:8081', 'client.id=me', 'reqest.timeout.ms=1000')
    expect_equal(told_of(*keys), (0, told), 'a file that others share')
    expect_equal(told_of(*keys, tool_name='consumer-groups'), (0, told), 'another tool')
    expect_equal(told_of(*keys, tool_name='broker-api-versions', arguments=()), (0, told), 'versions')
    expect_equal(told_of(*keys, tool_name='cluster', arguments=('cluster-id',), option='--config'), (0, told), 'the old name of the option')
    expect_equal(told_of(*keys, 'request.timeout.ms=soon')[0], 1, 'a known key with a wrong value')


@check
def keys_that_may_ask_for_tls_are_not_passed_over():
    for key in ('security.protocol=SSL', 'security.protocl=SSL', 'sercurity.protocol=SASL_SSL', 'ssl.trustore.location=x',
                'ssl.truststore.location=x', 'sasl.jaas.confg=x'):
        status, told = told_of(key)
        expect_equal((status, 'warning' in told), (1, False), f'{key}: {told}')
        expect(key.split('=')[0] in told, told)
    expect_equal(told_of('security.protocol=PLAINTEXT', 'ssl.trustore.location=x'), (0, PASSED_OVER + 'ssl.trustore.location\n'),
                 'a misspelt one where TLS is said to be off')
    for key in ('bootstrap.controllers=x:9093', 'config.providers=file'):
        expect_equal(told_of(key)[0], 1, f'{key}, which Kafka obeys')


@check
def files_of_keys_that_are_not_there_are_named():
    with tempfile.NamedTemporaryFile('w', suffix='.properties') as file:
        pass
    expect_failure(f'{file.name} cannot be read: no such file or directory', '--list', '--command-config', file.name)
    expect_failure(f'{ROOT} cannot be read: is a directory', '--list', '--command-config', ROOT)


@check
def files_may_be_pipes():
    good('--list', '--command-config', os.devnull)
    piped = f'{PROGRAM} topics --bootstrap-server {broker().bootstrap} --list --command-config <(echo reqest.timeout.ms=1)'
    expect('did you mean request.timeout.ms' in run(['bash', '-c', piped]).stderr.decode(), piped)
    config = f'{PROGRAM} configs --bootstrap-server {broker().bootstrap} --alter --entity-type brokers --entity-default --add-config-file '
    expect('Completed' in run(['bash', '-c', config + '<(echo log.retention.ms=60000)']).stdout.decode(), config)


@check
def help_and_beginnings_of_options_are_known():
    shown = run([PROGRAM, 'topics', '--help']).stdout.decode()
    for option in ('bootstrap-server', 'command-config', 'create', 'delete', 'alter', 'describe', 'list', 'topic',
                   'topic-id', 'partitions', 'replication-factor', 'replica-assignment', 'config', 'delete-config',
                   'if-exists', 'if-not-exists', 'exclude-internal', 'under-replicated-partitions',
                   'unavailable-partitions', 'under-min-isr-partitions', 'at-min-isr-partitions', 'topics-with-overrides',
                   'partition-size-limit-per-response', 'output', 'version'):
        expect(re.search(f'^ +--{option} ', shown, re.MULTILINE), f'--help lacks --{option}')
    done = subprocess.run([PROGRAM, 'topics', '--boot', broker().bootstrap, '--li', '--topic', 'nobody'], capture_output=True,
                          check=False)
    expect_equal((done.returncode, done.stdout), (0, b'\n'), 'with shortened options')
    expect_equal(tool('--version', server='')[0], 0, 'exit status of --version')


if __name__ == '__main__':
    main('topics', stop_shared)
