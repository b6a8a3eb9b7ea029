"""Kafka's names: the program called by them, as the installation links them, and what is made of the tables of options."""

import json
import os
import re
import shutil
import subprocess
import tempfile

from bash_session import Bash
from broker import PROGRAM, ROOT, Broker, answers, free_port, run
from checks import Skip, check, expect, expect_equal, main, until
from installed import Installed
from tool_runs import Tool
from zsh_session import INSTALLED, SOURCED, Zsh

SHARED_BROKER = []
PAGE = os.path.join(ROOT, 'docs', 'tools.md')


def broker():
    if not SHARED_BROKER:
        SHARED_BROKER.append(Broker().start())
    return SHARED_BROKER[0]


def stop_shared():
    for one in SHARED_BROKER:
        one.discard()


# Their parser is another one in Kafka, too.
WITH_USUAL_HELP = ('cluster', 'features', 'producer-perf-test', 'server-stop', 'storage', 'verifiable-consumer', 'verifiable-producer')


def commands():
    """Every command, and whether it is named as one of Kafka's."""
    page = run([PROGRAM, 'reference']).stdout.decode()
    return re.findall('^## barnabas (.*)$', page, re.MULTILINE)


@check
def installed_links_act_as_kafkas_tools():
    server = ('--bootstrap-server', broker().bootstrap)
    with Installed() as there:
        expect_equal(there.run('kafka-topics.sh', *server, '--create', '--topic', 'quickstart-events'),
                     (0, 'Created topic quickstart-events.\n', ''), 'kafka-topics.sh')
        expect_equal(there.run('kafka-configs', *server, '--alter', '--entity-type', 'topics', '--entity-name',
                               'quickstart-events', '--add-config', 'retention.ms=1000'),
                     (0, 'Completed updating config for topic quickstart-events.\n', ''), 'kafka-configs')
        status, said, _ = there.run('kafka-get-offsets.sh', *server, '--topic', 'quickstart-events')
        expect_equal((status, said), (0, 'quickstart-events:0:0\n'), 'kafka-get-offsets.sh')
        linked = set(os.listdir(there.path('bin')))
        tools = [name for name in commands() if f'kafka-{name}.sh' in linked]
        expect_equal({f'kafka-{name}' for name in tools} - linked, set(), 'names without .sh that are not linked')
        for name in tools:
            status, said, complaints = there.run(f'kafka-{name}.sh', '--help')
            wanted = (0, '') if name in WITH_USUAL_HELP else (1, '')
            expect_equal((status, complaints if status == 0 else said), wanted, f'kafka-{name}.sh --help')
            expect((said + complaints).startswith(f'usage: barnabas {name} '), f'kafka-{name}.sh --help: {said[:80]}')
            if name not in WITH_USUAL_HELP:
                expect_equal(there.run(f'kafka-{name}.sh'), (1, '', complaints), f'kafka-{name}.sh alone')
            expect_equal(run([PROGRAM, name, '--help']).stdout.decode(), said + complaints, f'barnabas {name} --help')
        missing = [name for name in ('topics', 'configs', 'consumer-groups', 'delete-records', 'get-offsets', 'log-dirs',
                                     'dump-log', 'storage', 'broker-api-versions', 'cluster', 'features') if name not in tools]
        expect_equal(missing, [], 'tools without a link')
        expect('.SH OPTIONS' in there.text('share', 'man', 'man1', 'barnabas-topics.1'), 'no man page')
        expect('complete -F' in there.text('share', 'bash-completion', 'completions', 'kafka-topics.sh'), 'no completion')
        expect(there.text('share', 'zsh', 'site-functions', '_barnabas').startswith('#compdef '), 'no completion for zsh')


def by_name(name, *arguments, environment=None):
    with tempfile.TemporaryDirectory() as folder:
        link = os.path.join(folder, name)
        os.symlink(os.path.abspath(PROGRAM), link)
        done = subprocess.run([link, *arguments], capture_output=True, check=False, timeout=60, cwd=folder,
                              env={**os.environ, **(environment or {})})
    return done.returncode, done.stdout.decode(), done.stderr.decode()


@check
def the_server_starts_by_kafkas_name():
    with tempfile.TemporaryDirectory() as folder:
        port, http = free_port(), free_port()
        config = os.path.join(folder, 'server.properties')
        with open(config, 'w', encoding='utf-8') as file:
            file.write(f'listeners=PLAINTEXT://127.0.0.1:{port}\nlog.dirs={folder}/data\n')
        output = os.path.join(folder, 'kafkaServer.out')
        status, said, complaints = by_name('kafka-server-start.sh', '-daemon', config, '--override',
                                           f'barnabas.http.listener=127.0.0.1:{http}', environment={'LOG_DIR': folder})
        expect_equal((status, said, complaints), (0, '', ''), 'what the caller sees')
        told = until(lambda: re.search(r'kill (\d+)', open(output, encoding='utf-8').read()), 'it says that it listens', 30)
        expect(answers(port), 'nobody listens')
        os.kill(int(told.group(1)), 15)
        until(lambda: 'stopped, everything is on disk' in open(output, encoding='utf-8').read(), 'it has stopped', 30)


def told_processes(said):
    return {int(line.split()[0]): line.split(' ', 1)[1] for line in said.splitlines()}


@check
def the_server_stops_by_kafkas_name():
    # Numbers that no other broker of this machine has: only brokers of this test may be stopped.
    of_options, of_file = 1_700_000_000 + os.getpid(), 1_800_000_000 + os.getpid()
    one = Broker({'node.id': str(of_options)}).start()
    two = Broker()
    two.overrides['process.roles'] = 'broker,controller'
    with open(os.path.join(two.home, 'server.properties'), 'w', encoding='utf-8') as file:
        file.write(f'node.id={of_file}\n')
    plain = two.command
    two.command = lambda: [*plain(), '--config', 'server.properties']
    try:
        two.start()
        # All of this machine, without stopping any.
        status, said, complaints = by_name('kafka-server-stop.sh', '--dry-run')
        found = told_processes(said)
        expect_equal((status, complaints), (0, ''), 'a dry run')
        expect_equal(found.get(one.process.pid), f'node.id={of_options} process.roles=broker,controller', said)
        expect_equal(found.get(two.process.pid), f'node.id={of_file} process.roles=broker,controller', said)
        expect(os.getpid() not in found, said)
        status, said, _ = by_name('kafka-server-stop.sh', '--dry-run', '--process-role=broker,controller')
        expect(status == 0 and {one.process.pid, two.process.pid} <= set(told_processes(said)), said)
        _, said, _ = by_name('kafka-server-stop.sh', '--dry-run', '--process-role', 'controller')
        expect(not {one.process.pid, two.process.pid} & set(told_processes(said) if 'node.id' in said else ()), said)

        none = ('kafka-server-stop.sh', '--node-id', str(of_options + 50_000_000))
        expect_equal(by_name(*none), (1, 'No kafka server to stop\n', ''), 'nobody has that number')
        status, said, _ = by_name(*none, '--output', 'json')
        expect_equal((status, json.loads(said)['error']['message']), (1, 'No kafka server to stop'), 'nobody, in JSON')
        status, said, _ = by_name('kafka-server-stop.sh', '--dry-run', '--node-id', str(of_options), '--output', 'json')
        expect_equal((status, json.loads(said)),
                     (0, {'processes': [{'process': one.process.pid, 'nodeId': of_options, 'processRoles': 'broker,controller',
                                         'stopping': False}]}), 'a dry run in JSON')
        expect_equal(by_name('kafka-server-stop.sh', f'--node-id={of_file}'), (0, '', ''), 'by the file')
        expect_equal(two.wait(), 0, 'a clean stop')
        expect(one.is_running(), 'the other one was stopped as well')
        expect_equal(by_name('kafka-server-stop', '--node-id', str(of_options), '--process-role', 'controller'), (0, '', ''),
                     'the number counts more than the role')
        expect_equal(one.wait(), 0, 'a clean stop')
    finally:
        one.discard()
        two.discard()


@check
def what_is_no_tool_says_what_to_do():
    status, said, complaints = by_name('kafka-server-start.sh')
    expect((status, said) == (1, '') and 'USAGE: kafka-server-start.sh [-daemon] server.properties' in complaints, complaints)
    status, said, complaints = by_name('kafka-topcis.sh', '--list')
    expect(status == 2 and "did you mean 'topics'?" in complaints, complaints)


@check
def classes_that_tutorials_run_are_known():
    status, said, _ = by_name('kafka-run-class.sh', 'kafka.tools.GetOffsetShell', '--broker-list', broker().bootstrap,
                              '--topic', 'none')
    expect_equal((status, said), (1, ''), 'no topic')
    status, _, complaints = by_name('kafka-run-class.sh', 'kafka.Kafka')
    expect(status == 1 and 'classes of Java' in complaints, complaints)


@check
def old_flags_name_their_replacement():
    for name in ('topics', 'configs', 'consumer-groups', 'delete-records', 'log-dirs', 'broker-api-versions'):
        status, said, complaints = by_name(f'kafka-{name}.sh', '--zookeeper', 'localhost:2181')
        expect((status, said) == (1, '') and f'say {name} --bootstrap-server HOST:PORT' in complaints, complaints)


@check
def the_version_needs_nothing_else():
    wanted = json.loads(run([PROGRAM, 'version', '--output', 'json']).stdout)['version'] + '\n'
    for name in commands():
        if b'--version ' in run([PROGRAM, *name.split(), '--help']).stdout:
            expect_equal(by_name(f'kafka-{name}.sh', '--version'), (0, wanted, ''), f'version of {name}')


@check
def wrong_usage_ends_with_1_by_kafkas_name():
    for arguments in (['kafka-dump-log.sh'], ['kafka-dump-log.sh', '--files', ''], ['kafka-dump-log.sh', '--nonsense']):
        status, said, complaints = by_name(*arguments)
        expect_equal((status, said), (1, ''), f'status and output of {arguments} ({complaints})')


@check
def the_page_of_tools_equals_the_tables():
    wanted = run([PROGRAM, 'reference']).stdout.decode()
    if os.environ.get('BARNABAS_UPDATE'):
        with open(PAGE, 'w', encoding='utf-8') as page:
            page.write(wanted)
    with open(PAGE, encoding='utf-8') as page:
        expect(page.read() == wanted, 'docs/tools.md is old; run this check once with BARNABAS_UPDATE=1')


@check
def manual_pages_are_right_for_man():
    for name in commands():
        page = run([PROGRAM, 'manual', *name.split()]).stdout.decode()
        expect(page.startswith(f'.TH "barnabas-{name.replace(" ", "-")}" 1 '), page[:100])
    expect('.BR barnabas\\-topics (1)' in run([PROGRAM, 'manual']).stdout.decode(), 'the overview')
    if shutil.which('groff') is None:
        return
    shown = run(['groff', '-man', '-Tascii', '-ww'], data=run([PROGRAM, 'manual', 'topics']).stdout)
    expect_equal(shown.stderr, b'', 'what groff complains of')


def completed(line, program='barnabas'):
    """What bash offers behind the line."""
    script = f'''PATH={os.path.dirname(os.path.abspath(PROGRAM))}:$PATH
source <({PROGRAM} completion bash) || exit 1
COMP_LINE='{line}' COMP_WORDS=({line} ) COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
[[ $COMP_LINE == *' ' ]] && COMP_WORDS+=('') && COMP_CWORD=$((COMP_CWORD + 1))
_barnabas
printf '%s\\n' "${{COMPREPLY[@]}}"'''
    done = run(['bash', '-c', script])
    expect_equal(done.stderr, b'', f'what bash complains of for {line!r}')
    return done.stdout.decode().split()


# Wherever it stands.
ACTIONS = (('barnabas features ', ['describe', 'upgrade', 'downgrade', 'disable', 'version-mapping', 'feature-dependencies']),
           ('barnabas features --bootstrap-server localhost:1 desc', ['describe']),
           ('kafka-features.sh --bootstrap-server localhost:1 d', ['describe', 'downgrade', 'disable']),
           ('kafka-storage ', ['info', 'format', 'version-mapping', 'feature-dependencies', 'random-uuid']),
           ('barnabas storage fo', ['format']),
           ('kafka-cluster.sh ', ['cluster-id', 'list-endpoints', 'unregister']))
# They are no names of commands.
SCRIPTS = (('kafka-end-to-end-latency.sh --producer-a', ['--producer-acks']), ('kafka-end-to-end-latency --num-', ['--num-records', '--num-headers']),
           ('kafka-server-start.sh --overri', ['--override']),
           ('kafka-run-class.sh kafka.tools.Dump', ['kafka.tools.DumpLogSegments']),
           ('kafka-run-class kafka.tools.GetOffsetShell --topic-part', ['--topic-partitions']))


@check
def what_is_installed_is_completed():
    with Installed() as there:
        linked = {name for name in os.listdir(there.path('bin')) if name.startswith('kafka-')}
        for shell, ours in (('bash', re.search(r'^complete -F _barnabas barnabas (.*)$', script_for('bash'), re.MULTILINE)),
                            ('zsh', re.match(r'#compdef barnabas (.*)\n', script_for('zsh')))):
            names = ours.group(1).split()
            expect_equal(sorted(names), sorted(linked), f'names that {shell} completes')


def script_for(shell):
    return run([PROGRAM, 'completion', shell]).stdout.decode()


@check
def bash_completes_commands_options_and_names_from_the_cluster():
    expect_equal(completed('barnabas top'), ['topics'], 'a command')
    expect('sim' in completed('barnabas s') and 'start' in completed('barnabas s'), 'commands')
    expect_equal(completed('barnabas topics --partitio'), ['--partitions', '--partition-size-limit-per-response'], 'options')
    expect('--seeds' in completed('barnabas sim sweep --se'), 'of a command of two words')
    expect_equal(completed('barnabas sim s'), ['sweep'], 'the second word of a command')
    expect_equal(completed('barnabas completion '), ['bash', 'zsh'], 'a handful of words')
    for line, wanted in ACTIONS:
        expect_equal(completed(line), wanted, f'actions behind {line}')
    expect('--dry-run' in completed('barnabas features upgrade ') and 'describe' not in completed('barnabas features upgrade '),
           'one action is enough')
    expect('--dry-run' in completed('kafka-features.sh upgrade ') and 'describe' not in completed('kafka-features.sh upgrade '),
           "one action is enough by Kafka's name")
    expect_equal(completed('kafka-configs.sh --add-config-'), ['--add-config-file'], "by Kafka's name")
    expect_equal(completed('barnabas topics --output '), ['text', 'json'], 'a format')
    expect_equal(completed('barnabas topics --config '), [], 'a value that only the user knows')
    Tool('topics', broker().bootstrap).good('--create', '--topic', 'completed-topic', '--if-not-exists')
    server = f'--bootstrap-server {broker().bootstrap}'
    until(lambda: completed(f'barnabas topics {server} --describe --topic compl') == ['completed-topic'], 'a topic', 20)
    for words in (f'consume -b {broker().bootstrap} ', f'produce --bootstrap-server {broker().bootstrap} ',
                  f'get-offsets --broker-list {broker().bootstrap} --topic '):
        until(lambda line=words: completed(f'barnabas {line}compl') == ['completed-topic'], f'a topic behind {words}', 20)
    run(['kcat', '-b', broker().bootstrap, '-P', '-t', 'completed-topic'], data=b'x\n')
    run(['kcat', '-b', broker().bootstrap, '-G', 'completed-group', '-c', '1', '-X', 'auto.offset.reset=earliest',
         'completed-topic'])
    until(lambda: completed(f'barnabas consumer-groups {server} --describe --group compl') == ['completed-group'], 'a group', 20)
    until(lambda: completed(f'kafka-configs.sh {server} --entity-type groups --entity-name compl') == ['completed-group'],
          'a group as an entity', 20)
    until(lambda: completed(f'barnabas consume -b {broker().bootstrap} completed-topic -g compl') == ['completed-group'],
          'a group of a short option', 20)


@check
def bash_completes_values_short_options_and_files():
    expect('-b' in completed('barnabas consume -') and '-g' in completed('barnabas consume t -'), 'short options')
    expect_equal(completed('barnabas consume t -o '), ['text', 'json'], 'a format by its short option')
    expect_equal(completed('barnabas configs --describe --entity-type bro'), ['brokers', 'broker-loggers'], 'entities')
    expect_equal(completed('barnabas consumer-groups --list --state Sta'), ['Stable'], 'states')
    expect_equal(completed('kafka-consumer-groups.sh --list --type c'), ['consumer', 'classic'], 'types')
    folder = os.path.dirname(os.path.abspath(__file__))
    for words in ('kafka-dump-log.sh --files', 'kafka-server-start.sh', 'kafka-server-start'):
        expect_equal(completed(f'{words} {folder}/kafka_na'), [os.path.join(folder, 'kafka_names_checks.py')], f'files behind {words}')
    for line, wanted in SCRIPTS:
        expect_equal(completed(line), wanted, f'words behind {line}')


# A handful of values each, behind an option or its "=".
VALUES = (('kafka-console-producer.sh --compression-codec zs', 'zstd'), ('barnabas produce t -z sn', 'snappy'),
          ('kafka-console-consumer.sh --isolation-level read_c', 'read_committed'), ('barnabas groups --list --group-type sh', 'share'),
          ('kafka-e2e-latency.sh --producer-acks a', 'all'), ('kafka-verifiable-consumer.sh --group-protocol cl', 'classic'))


@check
def a_terminals_words_end_at_equal_signs_and_colons():
    Tool('topics', broker().bootstrap).good('--create', '--topic', 'completed-topic', '--if-not-exists')
    server = f'--bootstrap-server={broker().bootstrap}'
    with Bash() as bash:
        for line, rest in (('kafka-topics.sh --describe --topic=comp', 'leted-topic'),
                           ('barnabas topics --describe --topic comp', 'leted-topic'),
                           ('kafka-configs.sh --describe --entity-type topics --entity-name comp', 'leted-topic'),
                           ('kafka-configs.sh --describe --entity-type=topics --entity-name=comp', 'leted-topic'),
                           ('kafka-configs.sh --describe --entity-type brokers --entity-name comp', None),
                           ('kafka-get-offsets.sh --topic-partitions comp', 'leted-topic')):
            first, *others = line.split(' ')
            line = ' '.join([first, *others[:1], server, *others[1:]]) if first == 'barnabas' else ' '.join([first, server, *others])
            wanted = line + (rest or '')
            until(lambda line=line, wanted=wanted: bash.completed(line) == wanted, f'{wanted} of {line}', 20)
        expect_equal(bash.completed('kafka-console-consumer.sh --isolation-level='), 'kafka-console-consumer.sh --isolation-level=read_',
                     'what values behind = have in common')
        expect_equal(bash.completed('barnabas topics --output=js'), 'barnabas topics --output=json', 'a value behind =')
        expect_equal(bash.completed('barnabas consume -b localhost:1 t --outp'), 'barnabas consume -b localhost:1 t --output',
                     'an option behind a server')
        expect_equal(bash.completed('kafka-topics.sh --create=x'), 'kafka-topics.sh --create=x', 'a flag with a value')


@check
def bash_completes_a_handful_of_values():
    for line, wanted in VALUES:
        expect_equal(completed(line), [wanted], f'values behind {line}')
        if ' --' in line:
            start, option, begun = line.rsplit(' ', 2)
            expect_equal(completed(f'{start} {option}={begun}'), [f'{option}={wanted}'], f'values behind = of {line}')


@check
def zsh_takes_its_script():
    script = run([PROGRAM, 'completion', 'zsh']).stdout.decode()
    expect(script.startswith('#compdef barnabas ') and "'--topic=[" in script, script[:100])
    if shutil.which('zsh') is None:
        raise Skip('zsh is not installed')
    run(['zsh', '-n'], data=script.encode())
    expect_equal(run([PROGRAM, 'completion', 'fish'], good=False).returncode, 2, 'another shell')


@check
def zsh_completes_commands_options_and_values():
    for how in (SOURCED, INSTALLED):
        with Zsh(how) as zsh:
            expect_equal(zsh.completed('barnabas top'), ['topics'], 'a command')
            expect_equal(zsh.completed('barnabas s'), ['start', 'server-stop', 'storage', 'sim'], 'commands')
            expect_equal(zsh.completed('barnabas topics --partitio'), ['--partitions', '--partition-size-limit-per-response'], 'options')
            expect_equal(zsh.completed('barnabas sim sweep --se'), ['--seeds', '--seconds'], 'of a command of two words')
            expect_equal(zsh.completed('barnabas sim s'), ['sweep'], 'the second word of a command')
            expect_equal(zsh.completed('kafka-configs.sh --add-config-'), ['--add-config-file'], "by Kafka's name")
            expect({'-b', '-g', '--end'} <= set(zsh.completed('barnabas consume -')), 'short options')
            for line, wanted in (('barnabas topics --output ', ['text', 'json']), ('barnabas consume t -o ', ['text', 'json']),
                                 ('barnabas topics --config ', []), ('barnabas completion ', ['bash', 'zsh']),
                                 ('barnabas configs --describe --entity-type bro', ['brokers', 'broker-loggers']),
                                 ('barnabas consumer-groups --list --state Sta', ['Stable'])):
                expect_equal(zsh.completed(line), wanted, f'values behind {line}')
            folder = os.path.dirname(os.path.abspath(__file__))
            for words in ('kafka-dump-log.sh --files', 'kafka-server-start.sh', 'kafka-server-start'):
                expect_equal(zsh.completed(f'{words} {folder}/kafka_na')[-1], 'kafka_names_checks.py', f'files behind {words}')
            for line, wanted in ACTIONS + SCRIPTS:
                expect_equal(zsh.completed(line), wanted, f'words behind {line}')
            for line, wanted in VALUES:
                expect_equal(zsh.completed(line), [wanted], f'values behind {line}')
            expect_equal(zsh.completed('barnabas topics --output=js'), ['json'], 'a value behind =')
            expect_equal(zsh.completed('barnabas features upgrade desc'), [], 'one action is enough')


@check
def zsh_completes_names_from_the_cluster():
    Tool('topics', broker().bootstrap).good('--create', '--topic', 'completed-topic', '--if-not-exists')
    run(['kcat', '-b', broker().bootstrap, '-P', '-t', 'completed-topic'], data=b'x\n')
    run(['kcat', '-b', broker().bootstrap, '-G', 'completed-group', '-c', '1', '-X', 'auto.offset.reset=earliest', 'completed-topic'])
    server = f'--bootstrap-server {broker().bootstrap}'
    with Zsh() as zsh:
        for line, wanted in ((f'barnabas topics {server} --describe --topic compl', 'completed-topic'),
                             (f'kafka-topics.sh --bootstrap-server={broker().bootstrap} --describe --topic compl', 'completed-topic'),
                             (f'barnabas consume -b {broker().bootstrap} compl', 'completed-topic'),
                             (f'barnabas get-offsets --broker-list {broker().bootstrap} --topic compl', 'completed-topic'),
                             (f'barnabas consumer-groups {server} --describe --group compl', 'completed-group'),
                             (f'kafka-topics.sh {server} --describe --topic=compl', 'completed-topic'),
                             (f'kafka-get-offsets.sh {server} --topic-partitions compl', 'completed-topic'),
                             (f'kafka-configs.sh {server} --entity-type topics --entity-name compl', 'completed-topic'),
                             (f'barnabas configs {server} --entity-type=groups --entity-name=compl', 'completed-group'),
                             (f'barnabas consume -b {broker().bootstrap} completed-topic -g compl', 'completed-group')):
            until(lambda line=line, wanted=wanted: zsh.completed(line) == [wanted], f'{wanted} behind {line}', 20)


if __name__ == '__main__':
    main('kafka_names', stop_shared)
