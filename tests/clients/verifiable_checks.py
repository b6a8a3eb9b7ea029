"""`barnabas verifiable-producer`, `verifiable-consumer`, `e2e-latency` and `groups`: what Kafka's tools of these names print."""

import json
import os
import re
import signal
import subprocess
import tempfile

from broker import PROGRAM, Broker, free_port, run
from checks import check, expect, expect_equal, main, until
from tool_runs import Tool, transcript

SHARED_BROKER = []


def broker():
    """One broker for all checks: each has topics and groups of its own."""
    if not SHARED_BROKER:
        SHARED_BROKER.append(Broker({'num.partitions': 1, 'group.initial.rebalance.delay.ms': 0}).start())
    return SHARED_BROKER[0]


def stop_shared():
    for one in SHARED_BROKER:
        one.discard()


def create(topic, partitions=1):
    Tool('topics', broker().bootstrap).good('--create', '--topic', topic, '--partitions', str(partitions))


def produce(topic, count):
    run(['kcat', '-b', broker().bootstrap, '-P', '-t', topic], data=b''.join(b'%d\n' % one for one in range(count)))


def content(topic, form):
    done = run(['kcat', '-b', broker().bootstrap, '-C', '-t', topic, '-e', '-q', '-f', form])
    return done.stdout.decode().splitlines()


def events(text):
    return [json.loads(line) for line in text.splitlines()]


def named(all_events, name):
    return [one for one in all_events if one['name'] == name]


class Running:
    """A tool that goes on until it is told to stop."""

    def __init__(self, *arguments):
        self.output = tempfile.TemporaryFile()
        self.process = subprocess.Popen([PROGRAM, *arguments], stdout=self.output, stderr=subprocess.PIPE)

    def events(self):
        size = os.fstat(self.output.fileno()).st_size
        text = os.pread(self.output.fileno(), size, 0).decode()
        return events(text[:text.rfind('\n') + 1])

    def names(self):
        return [one['name'] for one in self.events()]

    def stop(self, by=signal.SIGTERM):
        self.process.send_signal(by)
        complaints = self.process.communicate(timeout=60)[1].decode()
        return self.process.returncode, complaints

    def discard(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()


@check
def the_verifiable_producer_prints_what_kafkas_does():
    create('verified')
    said = Tool('verifiable-producer', broker().bootstrap).good('--topic', 'verified', '--max-messages', '10', '--acks', '-1', '--output',
                                                                    'json')
    wanted = events(transcript('verifiable-producer'))
    seen = events(said)
    expect_equal([(one['name'], sorted(one)) for one in seen], [(one['name'], sorted(one)) for one in wanted], 'events and members')
    sent = named(seen, 'producer_send_success')
    expect_equal([(one['key'], one['value'], one['topic'], one['offset'], one['partition']) for one in sent],
                 [(None, str(number), 'verified', number, 0) for number in range(10)], 'what was sent')
    total = named(seen, 'tool_data')[0]
    expect_equal((total['sent'], total['acked'], total['target_throughput']), (10, 10, -1), 'the sum')
    expect(total['avg_throughput'] > 0 and all(one['timestamp'] > 1.7e12 for one in seen), f'figures: {total}')
    expect_equal(content('verified', '%s\n'), [str(number) for number in range(10)], 'the records')


@check
def keys_prefixes_and_times_of_the_verifiable_producer():
    create('verified-keys')
    Tool('verifiable-producer', broker().bootstrap).good(
        '--topic', 'verified-keys', '--max-messages', '5', '--value-prefix', '7', '--repeating-keys', '2',
        '--message-create-time', '1700000000000')
    expect_equal(content('verified-keys', '%k %s\n'), ['0 7.0', '1 7.1', '0 7.2', '1 7.3', '0 7.4'], 'keys and values')
    times = [int(text) for text in content('verified-keys', '%T\n')]
    expect(all(1700000000000 <= one < 1700000060000 for one in times) and times == sorted(times), f'times {times}')


@check
def the_verifiable_producer_goes_on_until_it_is_told_to_stop():
    create('verified-long')
    for by in (signal.SIGTERM, signal.SIGINT):
        running = Running('verifiable-producer', '--bootstrap-server', broker().bootstrap, '--topic', 'verified-long',
                          '--throughput', '50')
        try:
            until(lambda: running.names().count('producer_send_success') >= 20, 'twenty records')
            expect_equal(running.stop(by), (0, ''), 'status and complaints')
            seen = running.events()
            expect_equal([one['name'] for one in seen[-2:]], ['shutdown_complete', 'tool_data'], 'its end')
            total = seen[-1]
            expect(total['sent'] == total['acked'] and total['avg_throughput'] < 80, f'the sum: {total}')
        finally:
            running.discard()


@check
def what_is_not_delivered_is_an_error_event():
    create('verified-small')
    Tool('configs', broker().bootstrap).good('--alter', '--topic', 'verified-small', '--add-config', 'max.message.bytes=60')
    status, said, _ = Tool('verifiable-producer', broker().bootstrap).run(
        '--topic', 'verified-small', '--max-messages', '3')
    seen = events(said)
    failed = named(seen, 'producer_send_error')
    expect_equal((status, len(failed), seen[-1]['acked']), (1, 3, 0), f'status, errors and acknowledgements ({said})')
    expect_equal(sorted(failed[0]), ['exception', 'key', 'message', 'name', 'timestamp', 'topic', 'value'], 'members')
    expect_equal(failed[0]['exception'], 'message_too_large', 'the error')


@check
def the_verifiable_consumer_tells_what_it_gets_reads_and_commits():
    create('audited', 2)
    produce('audited', 100)
    said = Tool('verifiable-consumer', broker().bootstrap).good('--topic', 'audited', '--group-id', 'auditors',
                                                                '--max-messages', '100')
    seen = events(said)
    expect_equal((seen[0]['name'], seen[-1]['name']), ('startup_complete', 'shutdown_complete'), 'first and last event')
    given = [one for event in named(seen, 'partitions_assigned') for one in event['partitions']]
    expect_equal(sorted((one['topic'], one['partition']) for one in given), [('audited', 0), ('audited', 1)], 'partitions')
    read = named(seen, 'records_consumed')
    expect_equal(sum(one['count'] for one in read), 100, 'records')
    ends = {}
    for one in (part for event in read for part in event['partitions']):
        expect_equal((one['minOffset'], one['maxOffset'] + 1), (ends.get(one['partition'], 0), one['minOffset'] + one['count']),
                     'offsets without a gap')
        ends[one['partition']] = one['maxOffset'] + 1
    commits = named(seen, 'offsets_committed')
    expect(len(commits) == len(read) and all(one['success'] and 'error' not in one for one in commits), f'commits: {commits}')
    last = {one['partition']: one['offset'] for event in commits for one in event['offsets']}
    expect_equal(last, ends, 'what was committed')
    described = json.loads(Tool('consumer-groups', broker().bootstrap).good('--describe', '--group', 'auditors', '--output', 'json'))
    # Records without keys go by the batch, so one partition may have got all of them.
    expect_equal({one['partition']: (one['currentOffset'], one['lag']) for one in described['groups'][0]['partitions']},
                 {partition: (offset, 0) for partition, offset in last.items()}, 'the group afterwards')


@check
def the_verifiable_consumer_shows_records_and_stops_at_once():
    create('audited-live')
    running = Running('verifiable-consumer', '--bootstrap-server', broker().bootstrap, '--topic', 'audited-live',
                      '--group-id', 'live-auditors', '--verbose', '--enable-autocommit',
                      '--assignment-strategy', 'org.apache.kafka.clients.consumer.RoundRobinAssignor')
    try:
        until(lambda: 'partitions_assigned' in running.names(), 'partitions', 30)
        run(['kcat', '-b', broker().bootstrap, '-P', '-t', 'audited-live', '-K', ':'], data=b'k:\xff"v\n')
        until(lambda: 'record_data' in running.names(), 'the record')
        record = named(running.events(), 'record_data')[0]
        expect_equal({name: record[name] for name in record if name != 'timestamp'},
                     {'name': 'record_data', 'key': 'k', 'value': '\ufffd"v', 'topic': 'audited-live', 'partition': 0, 'offset': 0},
                     'the record')
        expect_equal(running.stop(), (0, ''), 'status and complaints')
        expect_equal(running.names()[-1], 'shutdown_complete', 'its end')
        expect('offsets_committed' not in running.names(), 'commits on its own are told')
    finally:
        running.discard()


@check
def wrong_usage_of_the_verifiable_tools_is_one_line():
    producer, consumer = Tool('verifiable-producer', broker().bootstrap), Tool('verifiable-consumer', broker().bootstrap)
    producer.refuses('argument --topic is required', '--max-messages', '1')
    producer.refuses('invalid choice', '--topic', 't', '--acks', '2')
    producer.refuses('--throughput=x', '--topic', 't', '--throughput', 'x')
    producer.refuses('mutually exclusive', '--topic', 't', '--producer.config', 'a', '--command-config', 'b')
    producer.refuses('--repeating-keys=0', '--topic', 't', '--repeating-keys', '0')
    consumer.refuses('argument --group-id is required', '--topic', 't')
    consumer.refuses('--max-messages=x', '--topic', 't', '--group-id', 'g', '--max-messages', 'x')
    consumer.refuses('auto.offset.reset', '--topic', 't', '--group-id', 'g', '--reset-policy', 'soon')
    Tool('verifiable-producer').refuses('argument --bootstrap-server is required', '--topic', 't')
    producer.refuses('--output=text: allowed is json', '--topic', 't', '--output', 'text')
    consumer.refuses('--output=text: allowed is json', '--topic', 't', '--group-id', 'g', '--output', 'text')
    Tool('verifiable-consumer').refuses('argument --bootstrap-server is required', '--topic', 't', '--group-id', 'g')


LATENCY = (r'0\t\d+\.\d+\nAvg latency: \d+\.\d{4} ms\nPercentiles: 50th = \d+, 99th = \d+, 99\.9th = \d+\n')


@check
def latency_is_measured_in_both_forms():
    create('latency', 3)
    tool = Tool('e2e-latency', broker().bootstrap)
    said = tool.good('--topic', 'latency', '--num-records', '20', '--producer-acks', 'all', '--record-size', '10')
    expect(re.fullmatch(LATENCY, said), f'what it shows: {said}')
    expect_equal(len(content('latency', '%s\n')), 20, 'records')
    old = Tool('e2e-latency').good(broker().bootstrap, 'latency', '20', '1', '10')
    warning, _, rest = old.partition('\n')
    expect(warning.startswith('WARNING: Positional argument usage is deprecated') and re.fullmatch(LATENCY, rest), old)
    figures = json.loads(tool.good('--topic', 'latency', '--num-records', '5', '--producer-acks', '1', '--record-size', '0',
                                   '--output', 'json'))
    expect_equal(sorted(figures), ['avgLatencyMs', 'p50LatencyMs', 'p999LatencyMs', 'p99LatencyMs', 'records'], 'members')
    expect(figures['records'] == 5 and 0 < figures['p50LatencyMs'] <= figures['p999LatencyMs'], f'figures {figures}')


@check
def latency_makes_its_topic_and_has_keys_and_headers():
    tool = Tool('e2e-latency', broker().bootstrap)
    said = tool.good('--topic', 'latency-new', '--num-records', '3', '--producer-acks', 'all', '--record-size', '4',
                     '--record-key-size', '2', '--num-headers', '2', '--record-header-key-size', '3',
                     '--record-header-size', '5')
    head, _, rest = said.partition('\n')
    expect_equal(head, 'Topic "latency-new" does not exist. Will create topic with 1 partition(s) and replication factor = 1',
                 'first line')
    expect(re.fullmatch(LATENCY, rest), f'the rest: {rest}')
    for line in content('latency-new', '%k %s %h\n'):
        expect(re.fullmatch(r'(\w)\1 (\w)\2{3} (\w)\3\3=(\w)\4{4},(\w)\5\5=(\w)\6{4}', line), f'a record: {line}')
    tool.good('--topic', 'latency-new', '--num-records', '1', '--producer-acks', 'all', '--record-size', '4',
              '--num-headers', '1', '--record-header-key-size', '1', '--record-header-size', '-1')


@check
def wrong_usage_of_the_latency_tool_is_one_line():
    good = ['--topic', 't', '--num-records', '1', '--producer-acks', '1', '--record-size', '1']
    tool = Tool('e2e-latency', broker().bootstrap)
    tool.refuses('Please use \'1\' or \'all\'', *good[:4], '--producer-acks', '0', '--record-size', '1')
    tool.refuses('Value for --num-records must be a positive integer.', '--topic', 't', '--num-records', '0', *good[4:])
    tool.refuses('Value for --record-size must be a non-negative integer.', *good[:6], '--record-size', '-1')
    tool.refuses('"[topic]"', *good[2:])
    Tool('e2e-latency').refuses('Expected 5 or 6 positional arguments, but got 4', 'localhost:1', 't', '1', 'all')
    status, said, complaints = Tool('e2e-latency', f'127.0.0.1:{free_port()}').run(
        *good, '--command-config', os.devnull)
    expect(status == 1 and said == '' and complaints.count('\n') >= 1, f'{status} {said} {complaints}')


@check
def groups_of_all_types_are_listed():
    create('listed')
    produce('listed', 1)
    run(['kcat', '-b', broker().bootstrap, '-G', 'listed-group', '-c', '1', '-X', 'auto.offset.reset=earliest', 'listed'])
    tool = Tool('groups', broker().bootstrap)
    row = f'{"listed-group":20} {"Classic":20} {"consumer":20} '
    head = f'{"GROUP":20} {"TYPE":20} {"PROTOCOL":20}'
    expect_equal(tool.good('--list', '--protocol', 'none'), head + '\n', 'none of that protocol')
    for filters in ((), ('--consumer',), ('--group-type', 'classic'), ('--group-type', 'Classic', '--protocol', 'consumer')):
        lines = tool.good('--list', *filters).splitlines()
        expect(lines[0] == head and row in lines, f'{filters}: {lines}')
    for filters in (('--share',), ('--streams',), ('--group-type', 'share'), ('--protocol', 'connect')):
        expect_equal(tool.good('--list', *filters), head + '\n', f'with {filters}')
    listed = json.loads(tool.good('--list', '--output', 'json'))['groups']
    expect({'group': 'listed-group', 'type': 'classic', 'protocolType': 'consumer', 'state': 'Empty'} in listed, f'JSON: {listed}')
    tool.refuses('exactly one action: --list.')
    tool.refuses('--group-type must be a valid group type.', '--list', '--group-type', 'other')
    tool.refuses('Option "[consumer]" can\'t be used with option "[share]"', '--list', '--consumer', '--share')


if __name__ == '__main__':
    main('verifiable', stop_shared)
