"""docs/json.md: each command of the page is run with --output json, and the fields of what it prints are those of the page."""

import json
import os
import re
import socket
import subprocess
import tempfile

from broker import PROGRAM, ROOT, Broker, run
from checks import check, expect, expect_equal, main
from tool_runs import Tool

PAGE = os.path.join(ROOT, 'docs', 'json.md')
COMMANDS = re.compile(r'^```sh\n(.*?)^```\n(?:\n```json\n(.*?)^```\n)?', re.MULTILINE | re.DOTALL)
# These speak to no broker, or find theirs in another way.
WITHOUT_SERVER = ('version', 'storage', 'dump-log', 'import', 'server-stop')


def run_line(line, server, folder):
    command = line.replace('barnabas ', f'{PROGRAM} ', 1) + ' --output json'
    if not any(f'barnabas {name}' in line for name in WITHOUT_SERVER):
        command += f' --bootstrap-server {server}'
    done = subprocess.run(['bash', '-c', command], cwd=folder, capture_output=True, check=False, timeout=60, text=True)
    # What a doctor thinks of this machine is no matter here.
    expect(done.returncode == 0 or 'doctor' in line, f'{line}: {done.returncode} {done.stdout} {done.stderr}')
    return done.stdout


def shape(value):
    """The fields and types of a value; those of a list are those of its first element."""
    if isinstance(value, dict):
        return {name: shape(one) for name, one in value.items()}
    if isinstance(value, list):
        return [shape(one) for one in value[:1]]
    return type(value).__name__


def fits(seen, wanted):
    """Nothing is said of what is null or empty in one of them. Fields are in the same order."""
    if 'NoneType' in (seen, wanted):
        return True
    if isinstance(wanted, list) and isinstance(seen, list):
        return not seen or not wanted or fits(seen[0], wanted[0])
    if isinstance(wanted, dict) and isinstance(seen, dict):
        return list(seen) == list(wanted) and all(fits(seen[name], wanted[name]) for name in wanted)
    return seen == wanted


def shortened_lists(value):
    """For the page, two elements tell what a list is."""
    if isinstance(value, dict):
        return {name: shortened_lists(one) for name, one in value.items()}
    return [shortened_lists(one) for one in value[:2]] if isinstance(value, list) else value


def prepared(folder, broker):
    with open(os.path.join(folder, 'trim.json'), 'w', encoding='utf-8') as file:
        json.dump({'partitions': [{'topic': 'orders', 'partition': 0, 'offset': 0}], 'version': 1}, file)
    with open(os.path.join(folder, 'server.properties'), 'w', encoding='utf-8') as file:
        file.write(f'node.id=1\nlog.dirs={broker.data_dir}\n')
    os.symlink(os.path.join(broker.data_dir, 'orders-0'), os.path.join(folder, 'log'))
    # As Kafka with ZooKeeper leaves a partition that nobody has written to.
    os.makedirs(os.path.join(folder, 'kafka-logs', 'orders-0'))
    with open(os.path.join(folder, 'kafka-logs', 'orders-0', '0' * 20 + '.log'), 'wb'):
        pass
    with open(os.path.join(folder, 'kafka-logs', 'meta.properties'), 'w', encoding='utf-8') as file:
        file.write('version=0\nbroker.id=1\ncluster.id=yAsT-4L9QSeem6gAm7GFbQ\n')


@check
def every_command_of_the_page_has_the_fields_that_it_names():
    with open(PAGE, encoding='utf-8') as file:
        text = file.read()
    made, compared = [], 0
    with Broker({'group.initial.rebalance.delay.ms': 0}) as broker, tempfile.TemporaryDirectory() as folder:
        prepared(folder, broker)
        for block in COMMANDS.finditer(text):
            wanted = (block.group(2) or '').splitlines()
            lines = []
            for command in block.group(1).splitlines():
                printed = [json.loads(line) for line in run_line(command, broker.bootstrap, folder).splitlines()]
                # Only a slow machine has intervals here.
                printed = [one for one in printed if one.get('kind') != 'interval']
                expect(printed, f'{command} prints nothing')
                # Of lines that are alike the page has the first.
                kinds = {json.dumps([one.get('kind'), shape(one)]): one for one in reversed(printed)}
                lines += reversed(kinds.values())
            made.append((block, lines))
            if os.environ.get('BARNABAS_UPDATE'):
                continue
            expect_equal(len(lines), len(wanted), f'lines of JSON behind {block.group(1)}')
            for seen, line in zip(lines, wanted):
                expect(fits(shape(seen), shape(json.loads(line))), f'{json.dumps(seen)} has not the fields of {line}')
                compared += 1
    if os.environ.get('BARNABAS_UPDATE'):
        write_page(text, [(block, [elsewhere(one, broker, folder) for one in lines]) for block, lines in made])
    else:
        expect(compared > 30, f'only {compared} lines were compared')


def elsewhere(value, broker, folder):
    """With the address and the folders of a broker that is no test."""
    text = json.dumps(value).replace(broker.data_dir, '/srv/barnabas').replace(folder, '/srv')
    return json.loads(re.sub(rf'127\.0\.0\.1(", "port": |:){broker.port}', r'localhost\g<1>9092', text))


def write_page(text, made):
    for block, lines in reversed(made):
        shown = ''.join(json.dumps(shortened_lists(one), separators=(',', ':')) + '\n' for one in lines)
        text = text[:block.start()] + f'```sh\n{block.group(1)}```\n\n```json\n{shown}```\n' + text[block.end():]
    with open(PAGE, 'w', encoding='utf-8') as page:
        page.write(text)


# (what stands before the sentence in Kafka's text, tool, arguments)
FAILURES = (('Error while executing topic command : ', 'topics', '--describe', '--topic', 'nope'),
            ('Error while executing topic command : ', 'topics', '--create', '--topic', 'a/b'),
            ('Error occurred: ', 'get-offsets', '--topic', 'nope'),
            ('', 'log-dirs', '--describe', '--broker-list', '77'),
            ('', 'cluster', 'unregister', '--id', '77'),
            ('', 'features', 'upgrade', '--release-version', '3.9'),
            ('', 'features', 'version-mapping', '--release-version', '1.0'),
            ('Error: ', 'delete-records', '--offset-json-file', '/nowhere'),
            ('Error while executing config command: ', 'configs', '--alter', '--topic', 'nope', '--add-config', 'retention.ms=1'),
            ('\nError: Executing consumer group command failed due to ', 'consumer-groups', '--reset-offsets', '--to-earliest', '--topic',
             'nope', '--group', 'g', '--dry-run'),
            ('barnabas consume: ', 'consume', 'nope'),
            ('', 'configs', '--describe', '--topic', 'nope'),
            ('', 'consumer-groups', '--validate-regex', '('))


@check
def a_failure_is_one_line_of_json_with_the_sentence_that_is_printed_without_it():
    with Broker() as broker:
        for words, name, *arguments in FAILURES:
            tool = Tool(name, broker.bootstrap)
            status, said, complaints = tool.run(*arguments, '--output', 'json')
            expect_equal((status, said.count('\n'), complaints), (1, 1, ''), f'status, lines, standard error of {name} {arguments} ({said})')
            failure = json.loads(said)['error']
            expect_equal(sorted(failure), ['code', 'message'], f'fields of the error of {name}')
            expect(re.fullmatch('[a-z_]+', failure['code']) and len(failure['message']) > 10, f'{name}: {failure}')
            status, said, complaints = tool.run(*arguments)
            expect_equal((status, said + complaints), (1, words + failure['message'] + '\n'), f'status and text of {name} {arguments}')


@check
def a_record_that_is_not_written_has_its_error_in_its_line():
    with Broker({'message.max.bytes': 1000}) as broker:
        # One that no batch takes: the broker refuses it, or the client does.
        long_line = b'x' * 5000 + b'\n'
        for tool, more, wanted in (('produce', ('orders',), 1), ('console-producer', ('--topic', 'orders'), 0),
                                   ('console-producer', ('--topic', 'orders', '--sync'), 1)):
            done = run([PROGRAM, tool, '--bootstrap-server', broker.bootstrap, '--output', 'json', *more], data=long_line, good=False)
            line = json.loads(done.stdout)
            expect_equal((done.returncode, done.stderr.decode()), (wanted, ''), f'status and standard error of {tool} {more}')
            expect_equal((list(line), line['topic'], line['error']['code']), (['topic', 'partition', 'error'], 'orders',
                                                                             'message_too_large'), f'line of {tool} {more}')
        done = run([PROGRAM, 'console-producer', '--bootstrap-server', broker.bootstrap, '--topic', 'orders', '--property',
                    'parse.key=true', '--output', 'json'], data=b'no key\n', good=False)
        failure = json.loads(done.stdout)['error']
        expect_equal(done.returncode, 1, 'status of a line without a key')
        expect('No key separator found on line number 1' in failure['message'], str(failure))


def objects(text):
    return [json.loads(line) for line in text.splitlines()]


@check
def start_tells_in_json_what_it_does():
    with open(PAGE, encoding='utf-8') as file:
        section = file.read().partition('\n## start\n')[2]
    wanted = {one['event']: one for one in objects('\n'.join(re.findall(r'^\{.*\}$', section, re.MULTILINE)))}
    # The harness has both streams in one file; a key that nobody knows gives a warning.
    with Broker({'barnabas.log.format': 'json', 'num.partition': '3'}) as broker:
        expect_equal(broker.stop(), 0, 'exit code')
        lines = objects(broker.stderr())
        told = {one['event']: one for one in lines if one['event'] in wanted}
        expect_equal(list(told), ['started', 'stopping', 'stopped'], f'events of {lines}')
        expect('num.partitions' in next(one['message'] for one in lines if one['level'] == 'warn'), f'the warning is in {lines}')
        expect_equal((told['started']['addresses'], told['started']['pid']), ([broker.bootstrap], broker.pid), 'where and who')
        expect_equal(told['started']['dataDirectories'], [broker.data_dir], 'data directories')
        with socket.socket() as taken:
            taken.bind(('127.0.0.1', broker.port))
            taken.listen()
            done = subprocess.run([*broker.command(), '--override', 'barnabas.log.format=text', '--output', 'json'], cwd=broker.home,
                                  capture_output=True, check=False, timeout=60, text=True)
            expect(done.returncode == 1 and not done.stderr.startswith('{'), f'{done.returncode} {done.stderr}')
            told.update((one['event'], one) for one in objects(done.stdout))
        expect(str(broker.port) in told['failed']['error']['message'], f'why it cannot start: {told["failed"]}')
        for event, line in wanted.items():
            expect(fits(shape(told[event]), shape(line)), f'{json.dumps(told[event])} has not the fields of {line}')
        words = ['--output', 'json', '--override', 'num.partitions=many']
        failed = objects(run([PROGRAM, 'start', *words], good=False).stdout.decode())
        expect('num.partitions' in failed[0]['error']['message'], f'a wrong value: {failed}')


@check
def another_format_is_refused_in_one_line():
    for name in ('topics', 'get-offsets', 'consumer-groups', 'groups', 'configs', 'delete-records', 'log-dirs', 'broker-api-versions',
                 'producer-perf-test', 'console-producer', 'console-consumer', 'consumer-perf-test', 'e2e-latency'):
        Tool(name, 'localhost:1').refuses('--output=yaml: allowed are text and json', '--output', 'yaml')


if __name__ == '__main__':
    main('json')
