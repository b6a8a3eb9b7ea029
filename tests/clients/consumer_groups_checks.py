"""`barnabas consumer-groups` against a broker: flags, output and exit status of Kafka's kafka-consumer-groups.sh."""

import json
import os
import re
import subprocess
import tempfile
import time

from broker import PROGRAM, Broker, run
from checks import check, expect, expect_equal, main, until
from tool_runs import Tool, transcript, words

SHARED_BROKER = []
# As in the transcripts of Kafka's tool: records of each partition.
RECORDS = (313, 911, 1076, 740)


def broker():
    """One broker for all checks, with the topic of the transcripts."""
    if not SHARED_BROKER:
        one = Broker({'group.initial.rebalance.delay.ms': 0}).start()
        SHARED_BROKER.append(one)
        Tool('topics', one.bootstrap).good('--create', '--topic', 'orders', '--partitions', '4')
        for partition, count in enumerate(RECORDS):
            run(['kcat', '-b', one.bootstrap, '-P', '-t', 'orders', '-p', str(partition)], data=b'record\n' * count)
    return SHARED_BROKER[0]


def stop_shared():
    for one in SHARED_BROKER:
        one.discard()


def tool():
    return Slow('consumer-groups', broker().bootstrap)


class Slow(Tool):
    """Machines with many tests need more than Kafka's five seconds."""

    def run(self, *arguments, program=None):
        return super().run('--timeout', '60000', *arguments, program=program)


def set_offsets(group, *offsets):
    """The group's offsets of the partitions of `orders`, in order."""
    with tempfile.NamedTemporaryFile('w', suffix='.csv') as plan:
        plan.write(''.join(f'orders,{number},{offset}\n' for number, offset in enumerate(offsets)))
        plan.flush()
        tool().good('--reset-offsets', '--group', group, '--from-file', plan.name, '--execute')


def offsets_of(group):
    shown = json.loads(tool().run('--describe', '--group', group, '--output', 'json')[1])['groups'][0]
    return {one['partition']: one['currentOffset'] for one in shown['partitions']}


def reset(group, *arguments):
    """A reset with --execute; the group's offsets afterwards."""
    tool().good('--reset-offsets', '--group', group, '--execute', *arguments)
    return offsets_of(group)


class Member:
    """kcat as the member of a group, as long as the block lasts."""

    def __init__(self, group):
        self.group = group

    def __enter__(self):
        self.process = subprocess.Popen(['kcat', '-b', broker().bootstrap, '-G', self.group, '-X', 'client.id=app-a', 'orders'],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until(lambda: 'Stable' in tool().run('--describe', '--group', self.group, '--state')[1], 'the group is stable', 30)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


@check
def an_empty_group_is_described_as_in_the_transcript():
    set_offsets('perf-1', 313, 911, 592, 592)
    status, said, complaints = tool().run('--describe', '--group', 'perf-1')
    expect_equal((status, said), (0, transcript('consumer-groups-describe-empty')), 'what is shown')
    expect_equal(complaints, "\nConsumer group 'perf-1' has no active members.\n", 'standard error')
    expect_equal(complaints, transcript('consumer-groups-describe-empty.stderr'), "standard error of Kafka's tool")


@check
def a_group_with_a_member_shows_who_reads_what():
    with Member('live'):
        shown = tool().good('--describe', '--group', 'live')
        rows = [line.split() for line in shown.splitlines() if line]
        head = next(line for line in transcript('consumer-groups-describe').splitlines() if line)
        expect_equal(rows[0], head.split(), 'the head')
        expect_equal([row[:3] for row in rows[1:]], [['live', 'orders', str(number)] for number in range(4)], 'partitions')
        expect(all(row[7] == '/127.0.0.1' and row[8] == 'app-a' and row[6].startswith('app-a-') for row in rows[1:]), shown)
        shown = tool().good('--describe', '--group', 'live', '--members')
        expect(re.fullmatch(r'\nGROUP +CONSUMER-ID +HOST +CLIENT-ID +#PARTITIONS +\nlive {12}app-a-\S+ +/127.0.0.1 {6}'
                            r'app-a {11}4 {15}\n', shown), repr(shown))
        shown = tool().good('--describe', '--group', 'live', '--members', '--verbose')
        expect(' orders:0,1,2,3 ' in shown and 'CURRENT-ASSIGNMENT' in shown, repr(shown))
        shown = tool().good('--describe', '--group', 'live', '--state')
        place = f'127.0.0.1:{broker().port}  (1)'
        expect_equal(shown, '\n' + f'{"GROUP":15} {"COORDINATOR (ID)":25} {"ASSIGNMENT-STRATEGY":20} {"STATE":20} #MEMBERS\n'
                     f'{"live":15} {place:25} {"range":20} {"Stable":20} 1\n', 'state')
        status, said, _ = tool().run('--delete', '--group', 'live')
        expect_equal((status, said), (1, '\nError: Deletion of some consumer groups failed:\n'
                                      "* Group 'live' could not be deleted due to: The group is not empty.\n"), 'deletion')
        status, said, _ = tool().run('--reset-offsets', '--group', 'live', '--topic', 'orders', '--to-latest', '--execute')
        expect_equal(status, 1, 'exit status')
        expect_equal(words(said), words(transcript('consumer-groups-reset-active')), 'a reset')


@check
def groups_are_listed_with_state_and_type():
    set_offsets('listed', 1, 2, 3, 4)
    expect('listed' in tool().good('--list').splitlines(), 'not listed')
    shown = tool().good('--list', '--state').splitlines()
    expect_equal(shown[0].split(), ['GROUP', 'STATE'], 'the head')
    expect('listed' + ' ' * 20 + 'Empty' + ' ' * 15 in shown, f'{shown}')
    expect(['listed', 'Classic', 'Empty'] in words(tool().good('--list', '--state', 'empty', '--type')), 'not of this state')
    expect('listed' not in tool().good('--list', '--state', 'Stable'), 'shown though it is empty')
    listed = json.loads(tool().good('--list', '--output', 'json'))['groups']
    expect({'group': 'listed', 'type': 'classic', 'protocolType': '', 'state': 'Empty'} in
           [{**one, 'type': one['type'].lower()} for one in listed], f'{listed}')


@check
def what_does_not_exist_is_said():
    expect_equal(tool().run('--describe', '--group', 'nope'), (1, transcript('consumer-groups-describe-unknown'), ''), 'describe')
    status, said, _ = tool().run('--delete', '--group', 'nope')
    expect_equal((status, said), (1, '\nError: Deletion of some consumer groups failed:\n'
                                  "* Group 'nope' could not be deleted due to: The group id does not exist.\n"), 'delete')
    status, said, _ = tool().run('--reset-offsets', '--group', 'g', '--topic', 'nope', '--to-latest', '--execute')
    expect_equal((status, said), (1, '\nError: Executing consumer group command failed due to the topic nope does not exist\n'),
                 'a topic')
    status, said, _ = tool().run('--reset-offsets', '--group', 'g', '--topic', 'orders:9', '--to-latest', '--execute')
    expect_equal((status, said), (1, '\nError: Executing consumer group command failed due to The partitions "orders-9" do not '
                                  'exist\n'), 'a partition')


@check
def resets_go_where_they_are_told():
    expect_equal(reset('r', '--topic', 'orders', '--to-latest'), dict(enumerate(RECORDS)), 'to the end')
    expect_equal(reset('r', '--topic', 'orders:0,1', '--shift-by', '-10'), {0: 303, 1: 901, 2: 1076, 3: 740}, 'shifted')
    expect_equal(reset('r', '--topic', 'orders:2', '--to-offset', '15'), {0: 303, 1: 901, 2: 15, 3: 740}, 'to an offset')
    expect_equal(reset('r', '--all-topics', '--to-current'), {0: 303, 1: 901, 2: 15, 3: 740}, 'where it is')
    expect_equal(reset('r', '--topic', 'orders:3', '--to-earliest'), {0: 303, 1: 901, 2: 15, 3: 0}, 'to the start')
    expect_equal(reset('r', '--all-topics', '--to-datetime', '2020-01-01T00:00:00.000'), dict.fromkeys(range(4), 0), 'by time')
    expect_equal(reset('r', '--topic', 'orders:0', '--by-duration', 'P1D')[0], 0, 'all records are of today')
    told = run(['kcat', '-b', broker().bootstrap, '-G', 'r', '-c', '1', '-f', '%o', '-e', 'orders']).stdout
    expect_equal(told, b'0', 'where a consumer goes on')


@check
def an_hour_ahead_there_is_no_record_and_the_end_is_taken():
    ahead = time.strftime('%Y-%m-%dT%H:%M:%S.000', time.gmtime(time.time() + 3600))
    said = tool().good('--reset-offsets', '--group', 'ahead', '--topic', 'orders:0', '--to-datetime', ahead, '--dry-run')
    expect('\nWarn: Partition 0 from topic orders is empty. Falling back to latest known offset.\n' in said, said)
    expect(['ahead', 'orders', '0', '313'] in words(said), said)


@check
def a_dry_run_changes_nothing_and_looks_as_in_the_transcript():
    set_offsets('perf-1', 1, 2, 3, 4)
    for name, arguments in (('dry-run', ['--to-earliest']), ('datetime', ['--to-datetime', '2020-01-01T00:00:00.000', '--dry-run'])):
        status, said, _ = tool().run('--reset-offsets', '--group', 'perf-1', '--topic', 'orders', *arguments)
        wanted = transcript('consumer-groups-reset-' + name).replace('perf-2', 'perf-1')
        expect_equal((status, words(said)), (0, words(wanted)), name)
    expect_equal(offsets_of('perf-1'), {0: 1, 1: 2, 2: 3, 3: 4}, 'offsets')
    complaints = tool().run('--reset-offsets', '--group', 'perf-1', '--topic', 'orders', '--to-earliest')[2]
    expect(complaints.startswith('WARN: No action will be performed as the --execute option is missing.'), complaints)


@check
def an_export_is_what_from_file_takes():
    said = tool().run('--reset-offsets', '--group', 'perf-1', '--topic', 'orders', '--to-offset', '15', '--export')[1]
    expect_equal(words(said), words(transcript('consumer-groups-reset-export')), 'the export')
    expect(said.endswith('\n\n'), 'no empty line at its end')
    set_offsets('a,b', 1, 1, 1, 1)
    set_offsets('c', 2, 2, 2, 2)
    both = ['--group', 'a,b', '--group', 'c']
    said = tool().good('--reset-offsets', *both, '--topic', 'orders:0', '--to-current', '--export', '--dry-run')
    expect_equal(said, '"a,b",orders,0,1\nc,orders,0,2\n\n', 'two groups')
    with tempfile.NamedTemporaryFile('w', suffix='.csv') as plan:
        plan.write(said.replace(',1\n', ',7\n'))
        plan.flush()
        tool().good('--reset-offsets', *both, '--from-file', plan.name, '--execute')
        expect_equal((offsets_of('a,b')[0], offsets_of('c')[0]), (7, 2), 'offsets')
        plan.write('orders,zero,1\n')
        plan.flush()
        status, said, _ = tool().run('--reset-offsets', '--group', 'c', '--from-file', plan.name, '--execute')
        expect(status == 1 and f'{plan.name}:' in said and said.count('\n') == 2, said)


@check
def offsets_beyond_the_log_become_its_ends_and_that_is_said():
    status, said, complaints = tool().run('--reset-offsets', '--group', 'far', '--topic', 'orders:0', '--to-offset', '9999',
                                          '--execute')
    expect_equal(status, 0, 'exit status')
    expect(['far', 'orders', '0', '313'] in words(said), said)
    expect('New offset (9999) is higher than latest offset for topic partition orders-0. Value will be set to 313.' in
           complaints, complaints)
    status, said, _ = tool().run('--reset-offsets', '--group', 'nobody', '--topic', 'orders:0', '--shift-by', '1', '--execute')
    expect(status == 1 and 'Cannot shift offset for partition orders-0 since there is no current committed offset' in said, said)


@check
def offsets_and_groups_are_deleted():
    set_offsets('g-offset-delete', 1, 2, 3, 4)
    said = tool().good('--delete-offsets', '--group', 'g-offset-delete', '--topic', 'orders:1')
    expect_equal(said, 'Request succeeded for deleting offsets from group g-offset-delete.\n\n' +
                 f'{"TOPIC":15} {"PARTITION":10} {"STATUS":15}\n{"orders":15} {"1":10} {"Successful":15}\n', 'offsets')
    expect_equal(sorted(offsets_of('g-offset-delete')), [0, 2, 3], 'what is left')
    set_offsets('g-deleted', 1, 1, 1, 1)
    expect_equal(tool().good('--delete', '--group', 'g-deleted'), transcript('consumer-groups-delete'), 'the group')
    expect('g-deleted' not in tool().good('--list').splitlines(), 'still listed')
    status, said, _ = tool().run('--delete-offsets', '--group', 'g-deleted', '--topic', 'orders')
    expect_equal((status, said.splitlines()[1]), (1, 'Error: The group id does not exist.'), 'of no group')


@check
def a_deleted_topic_leaves_dashes():
    Tool('topics', broker().bootstrap).good('--create', '--topic', 'gone', '--partitions', '1')
    tool().good('--reset-offsets', '--group', 'widow', '--topic', 'gone', '--to-earliest', '--execute')
    set_offsets('widow', 1, 1, 1, 1)
    Tool('topics', broker().bootstrap).good('--delete', '--topic', 'gone')
    said = tool().run('--describe', '--group', 'widow', '--verbose')[1]
    rows = words(said)
    expect(['widow', 'orders', '0', '-', '1', '313', '312', '-', '-', '-'] in rows, said)
    expect(all(row[5] == '-' for row in rows if row[1] == 'gone'), said)


@check
def all_groups_are_described_one_after_the_other():
    set_offsets('one-of-all', 1, 1, 1, 1)
    shown = tool().run('--describe', '--all-groups')[1]
    expect_equal(shown.count('\nGROUP '), len(set(row[0] for row in words(shown))) - 1, 'tables')
    states = json.loads(tool().run('--describe', '--all-groups', '--state', '--output', 'json')[1])['groups']
    expect('one-of-all' in [one['group'] for one in states], f'{states}')
    expect_equal({one['coordinator']['id'] for one in states}, {1}, 'coordinators')


@check
def wrong_usage_is_one_line_and_status_1():
    tool().refuses('Command must include exactly one action: --list, --describe', '--group', 'g')
    tool().refuses('Option [describe] takes one of these options: [all-groups], [group]', '--describe')
    tool().refuses('takes at most one of these options: [members], [offsets], [state]', '--describe', '--group', 'g',
                   '--members', '--state')
    tool().refuses('only accepts one of [execute, dry-run]', '--reset-offsets', '--group', 'g', '--topic', 't', '--to-latest',
                   '--execute', '--dry-run')
    tool().refuses('Option [reset-offsets] takes exactly one of', '--reset-offsets', '--group', 'g', '--topic', 't')
    tool().refuses('One of the reset scopes should be defined: --all-topics, --topic.', '--reset-offsets', '--group', 'g',
                   '--to-latest')
    tool().refuses("'noon' is no time", '--reset-offsets', '--group', 'g', '--topic', 't', '--to-datetime', 'noon')
    tool().refuses("'7D' is no duration", '--reset-offsets', '--group', 'g', '--topic', 't', '--by-duration', '7D')
    tool().refuses("Cannot parse argument 'x' of option shift-by", '--reset-offsets', '--group', 'g', '--topic', 't',
                   '--shift-by', 'x')
    tool().refuses('Option "[to-latest]" can\'t be used with option "[list]"', '--list', '--to-latest')
    tool().refuses('Option "[group]" can\'t be used with option "[list]"', '--list', '--group', 'g')
    tool().refuses('Option "[topic]" can\'t be used with option "[describe]"', '--describe', '--group', 'g', '--topic', 't')
    tool().refuses("Invalid state list 'Stable,bogus'. Valid states are: Assigning, ", '--list', '--state', 'Stable,bogus')
    tool().refuses("Invalid types list 'bogus'. Valid types are: Consumer, Classic", '--list', '--type', 'bogus')
    tool().refuses('use --delete-offsets', '--delete', '--group', 'g', '--topic', 't')
    tool().refuses('takes the following options: [group], [topic]', '--delete-offsets', '--group', 'g')
    tool().refuses('--bootstrap-server HOST:PORT', '--zookeeper', 'localhost:2181', '--list')
    Tool('consumer-groups').refuses('Missing required argument "[bootstrap-server]"', '--list')


@check
def regular_expressions_are_validated():
    one = Tool('consumer-groups')
    expect_equal(one.good('--validate-regex', 'orders.*'), 'The regular expression `orders.*` is valid.\n', 'a good one')
    status, said, _ = one.run('--validate-regex', 'orders(')
    expect_equal((status, said.startswith('The regular expression `orders(` is invalid: ')), (1, True), 'a bad one')
    expect_equal(json.loads(one.good('--validate-regex', 'orders.*', '--output', 'json')), {'regex': 'orders.*', 'valid': True},
                 'a good one in JSON')
    status, said, _ = one.run('--validate-regex', 'orders(', '--output', 'json')
    expect_equal((status, json.loads(said)['error']['code']), (1, 'invalid_regular_expression'), 'a bad one in JSON')


@check
def by_kafkas_name_told_failures_end_with_0():
    with tempfile.TemporaryDirectory() as folder:
        link = os.path.join(folder, 'kafka-consumer-groups.sh')
        os.symlink(PROGRAM, link)
        expect_equal(tool().run('--describe', '--group', 'nope', program=link),
                     (0, transcript('consumer-groups-describe-unknown'), ''), 'by that name')


if __name__ == '__main__':
    main('consumer_groups', stop_shared)
