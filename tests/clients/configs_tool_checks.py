"""`barnabas configs` against a broker: flags, output and exit status of Kafka's kafka-configs.sh."""

import json
import re
import tempfile

from broker import Broker
from checks import check, expect, expect_equal, main
from tool_runs import Tool

SHARED_BROKER = []


def broker():
    if not SHARED_BROKER:
        one = Broker().start()
        SHARED_BROKER.append(one)
        Tool('topics', one.bootstrap).good('--create', '--topic', 'orders')
    return SHARED_BROKER[0]


def stop_shared():
    for one in SHARED_BROKER:
        one.discard()


def tool():
    return Tool('configs', broker().bootstrap)


TOPIC = ('--entity-type', 'topics', '--entity-name', 'orders')


def dynamic():
    """What the topic has set for itself."""
    lines = tool().good('--describe', *TOPIC).splitlines()
    expect_equal(lines[0], 'Dynamic configs for topic orders are:', 'the head')
    return dict(line.strip().split(' ')[0].split('=', 1) for line in lines[1:])


@check
def settings_of_a_topic_are_altered_shown_and_deleted():
    expect_equal(tool().good('--alter', *TOPIC, '--add-config', 'retention.ms=1000'),
                 'Completed updating config for topic orders.\n', 'alter')
    said = tool().good('--describe', '--topic', 'orders')
    expect(re.search(r'^  retention\.ms=1000 sensitive=false synonyms=\{DYNAMIC_TOPIC_CONFIG:retention\.ms=1000.*\}$', said,
                     re.MULTILINE), said)
    tool().good('--alter', '--topic', 'orders', '--add-config', 'cleanup.policy=[delete,compact],max.message.bytes=500000')
    expect_equal(dynamic(), {'cleanup.policy': 'delete,compact', 'max.message.bytes': '500000', 'retention.ms': '1000'}, 'all')
    tool().good('--alter', *TOPIC, '--delete-config', 'retention.ms,cleanup.policy')
    expect_equal(dynamic(), {'max.message.bytes': '500000'}, 'what is left')
    status, said, complaints = tool().run('--alter', *TOPIC, '--delete-config', 'retention.ms')
    expect_equal((status, said), (1, ''), 'deleted twice')
    expect('Invalid config(s): retention.ms' in complaints, complaints)
    tool().good('--alter', *TOPIC, '--delete-config', 'max.message.bytes')
    expect_equal(dynamic(), {}, 'nothing')


@check
def settings_come_from_a_file():
    with tempfile.NamedTemporaryFile('w', suffix='.properties') as file:
        file.write('# of the topic\nretention.ms = 5000\ncleanup.policy=delete,compact\n')
        file.flush()
        tool().good('--alter', *TOPIC, '--add-config-file', file.name)
    expect_equal(dynamic(), {'cleanup.policy': 'delete,compact', 'retention.ms': '5000'}, 'all')
    tool().good('--alter', *TOPIC, '--delete-config', 'cleanup.policy', '--delete-config', 'retention.ms')


@check
def all_shows_defaults_as_well():
    said = tool().good('--describe', '--topic', 'orders', '--all')
    expect(said.startswith('All configs for topic orders are:\n'), said)
    expect(re.search('^  segment.bytes=1073741824 sensitive=false synonyms={.*DEFAULT_CONFIG:log.segment.bytes=1073741824}$',
                     said, re.MULTILINE), said)
    names = [line.strip().partition('=')[0] for line in said.splitlines()[1:]]
    expect_equal(names, sorted(names), 'in the order of the names')


@check
def brokers_and_their_default_are_configured():
    expect_equal(tool().good('--alter', '--broker', '1', '--add-config', 'log.segment.delete.delay.ms=1000'),
                 'Completed updating config for broker 1.\n', 'one broker')
    said = tool().good('--describe', '--entity-type', 'brokers', '--entity-name', '1')
    expect(said.startswith('Dynamic configs for broker 1 are:\n  log.segment.delete.delay.ms=1000 sensitive=false '
                           'synonyms={DYNAMIC_BROKER_CONFIG:log.segment.delete.delay.ms=1000'), said)
    expect_equal(tool().good('--alter', '--entity-type', 'brokers', '--entity-default', '--add-config',
                             'log.retention.ms=7200000'), 'Completed updating default config for brokers in the cluster.\n',
                 'all brokers')
    expect_equal(tool().good('--alter', '--broker', '1', '--add-config', 'num.io.threads=4,log.cleaner.io.max.bytes.per.second=5000'),
                 'Completed updating config for broker 1.\n', 'what Kafka alters, too')
    tool().good('--alter', '--broker', '1', '--delete-config', 'num.io.threads,log.cleaner.io.max.bytes.per.second')
    status, said, complaints = tool().run('--alter', '--broker', '1', '--add-config', 'max.connections=10')
    expect_equal((status, said, complaints.count('\n')), (1, '', 1), complaints)
    expect('Set(max.connections); it is read when the broker starts' in complaints, complaints)
    said = tool().good('--describe', '--broker-defaults')
    expect(said.startswith('Default configs for brokers in the cluster are:\n  log.retention.ms=7200000 '), said)
    expect_equal(tool().good('--describe', '--entity-type', 'brokers').count(' are:\n'), 2, 'all that there are')


@check
def groups_are_configured_whether_they_exist_or_not():
    group = ('--entity-type', 'groups', '--entity-name', 'readers')
    expect_equal(tool().run('--describe', *group)[:2], (1, "The group 'readers' doesn't exist and doesn't have dynamic config.\n"),
                 'a group without anything')
    expect_equal(tool().good('--alter', *group, '--add-config', 'consumer.session.timeout.ms=50000'),
                 'Completed updating config for group readers.\n', 'alter')
    expect_equal(tool().good('--describe', '--group', 'readers'),
                 'Dynamic configs for group readers are:\n  consumer.session.timeout.ms=50000 sensitive=false '
                 'synonyms={DYNAMIC_GROUP_CONFIG:consumer.session.timeout.ms=50000, '
                 'DEFAULT_CONFIG:group.consumer.session.timeout.ms=45000}\n', 'described')
    said = tool().good('--describe', '--entity-type', 'groups', '--all')
    expect('  consumer.heartbeat.interval.ms=5000 sensitive=false synonyms={DEFAULT_CONFIG:' in said, said)
    status, said, complaints = tool().run('--alter', '--group', 'readers', '--add-config', 'consumer.session.timeout.ms=1000')
    expect_equal((status, said), (1, ''), 'below the bound')
    expect('consumer.session.timeout.ms must be greater than or equal to group.consumer.min.session.timeout.ms' in complaints,
           complaints)
    status, _, complaints = tool().run('--alter', '--group', 'readers', '--add-config', 'share.session.timeout.ms=45000')
    expect_equal((status, 'Unknown group config name' in complaints), (1, True), 'not served')
    tool().good('--alter', '--group', 'readers', '--delete-config', 'consumer.session.timeout.ms')
    expect_equal(tool().run('--describe', '--group', 'readers')[:2], (1, "The group 'readers' doesn't exist and doesn't have dynamic config.\n"), 'gone')


@check
def subscriptions_to_client_metrics_are_refused_in_one_line():
    one = ('--entity-type', 'client-metrics', '--entity-name', 'basic')
    expect_equal(tool().run('--describe', *one)[:2],
                 (1, "The client-metric 'basic' doesn't exist and doesn't have dynamic config.\n"), 'one that is not there')
    expect_equal(tool().good('--describe', '--entity-type', 'client-metrics'), '', 'all that there are')
    for arguments in (('--alter', *one, '--add-config', 'metrics=org.apache.kafka.producer.,interval.ms=5000'),
                      ('--alter', '--client-metrics', 'basic', '--delete-config', 'interval.ms'), ('--describe', *one, '--all')):
        status, said, complaints = tool().run(*arguments)
        expect_equal((status, said, complaints.count('\n')), (1, '', 1), f'{arguments}: {complaints}')
        expect('client metrics are not collected by Barnabas' in complaints, complaints)
    status, said, _ = tool().run('--alter', *one, '--add-config', 'interval.ms=5000', '--output', 'json')
    expect_equal((status, json.loads(said)['error']['code']), (1, 'invalid_request'), 'in JSON')


@check
def what_is_refused_is_said():
    status, said, complaints = tool().run('--alter', *TOPIC, '--add-config', 'no.such.config=1')
    expect_equal((status, said, complaints.count('\n')), (1, '', 1), 'an unknown setting')
    expect('no.such.config' in complaints, complaints)
    expect_equal(tool().run('--describe', '--topic', 'nope')[:2],
                 (1, "The topic 'nope' doesn't exist and doesn't have dynamic config.\n"), 'no topic')
    status, said, _ = tool().run('--describe', '--topic', 'nope', '--output', 'json')
    expect_equal((status, json.loads(said)['error']['code']), (1, 'not_found'), 'no topic, in JSON')
    tool().refuses('Command must include exactly one action: --describe, --alter', *TOPIC)
    tool().refuses('At least one of --add-config, --add-config-file, or --delete-config must be specified with --alter',
                   '--alter', *TOPIC)
    tool().refuses('--entity-name or --entity-default must be specified with --alter of topics', '--alter', '--entity-type',
                   'topics', '--add-config', 'a=b')
    for wrong in ('retention.ms', 'cleanup.policy=[compact,delete', 'cleanup.policy=compact]', 'cleanup.policy=[compact',
                  'retention.ms=1],cleanup.policy=[compact]', 'retention.ms=1=2'):
        tool().refuses('all configs to be added must be in the format "key=val"', '--alter', *TOPIC, '--add-config', wrong)
    tool().refuses('Invalid entity type topic,', '--describe', '--entity-type', 'topic', '--entity-name', 'orders')
    tool().refuses('quotas and credentials are not built yet', '--alter', '--user', 'alice', '--add-config', 'a=b')
    tool().refuses('cannot be added and deleted at once', '--alter', *TOPIC, '--add-config', 'a=b', '--delete-config', 'a')
    tool().refuses('--bootstrap-server HOST:PORT', '--zookeeper', 'localhost:2181', '--describe', *TOPIC)
    Tool('configs').refuses('One of the required --bootstrap-server or --bootstrap-controller', '--describe', *TOPIC)


@check
def speaks_json():
    made = json.loads(tool().good('--alter', *TOPIC, '--add-config', 'retention.ms=3000', '--output', 'json'))
    expect_equal(made, {'altered': {'type': 'topic', 'name': 'orders'}}, 'altered')
    shown = json.loads(tool().good('--describe', *TOPIC, '--output', 'json'))['configs'][0]
    entry = shown['entries'][0]
    expect_equal((shown['name'], entry['name'], entry['value'], entry['source'], entry['sensitive']),
                 ('orders', 'retention.ms', '3000', 'DYNAMIC_TOPIC_CONFIG', False), 'described')
    status, said, _ = tool().run('--alter', *TOPIC, '--add-config', 'retention.ms=x', '--output', 'json')
    expect_equal((status, json.loads(said)['error']['code']), (1, 'invalid_config'), 'an error')


if __name__ == '__main__':
    main('configs_tool', stop_shared)
