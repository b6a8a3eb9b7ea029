"""Kafka's names: the program called by them, as the installation links them, and what is made of the tables of options."""

import glob
import os
import re
import shutil
import subprocess
import tempfile

from broker import PROGRAM, Broker, answers, free_port, run
from checks import Skip, check, expect, expect_equal, main, until

SHARED_BROKER = []
BUILD = os.path.dirname(os.path.dirname(os.path.abspath(PROGRAM)))


def broker():
    if not SHARED_BROKER:
        SHARED_BROKER.append(Broker().start())
    return SHARED_BROKER[0]


def stop_shared():
    for one in SHARED_BROKER:
        one.discard()


class Installed:
    """What `meson install` puts into a folder."""

    def __enter__(self):
        if not os.path.exists(os.path.join(BUILD, 'build.ninja')) or shutil.which('meson') is None:
            raise Skip(f'{BUILD} is no build folder of meson')
        self.folder = tempfile.mkdtemp(prefix='barnabas-install-')
        run(['meson', 'install', '-C', BUILD, '--no-rebuild', '--quiet', '--destdir', self.folder], seconds=120)
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder)

    def path(self, *parts):
        program = glob.glob(os.path.join(self.folder, '**', 'bin', 'barnabas'), recursive=True)
        expect(program, 'the program is not installed')
        return os.path.join(os.path.dirname(os.path.dirname(program[0])), *parts)

    def run(self, name, *arguments):
        done = run([self.path('bin', name), *arguments], good=False)
        return done.returncode, done.stdout.decode(), done.stderr.decode()


def commands():
    """Every command, and whether it is named as one of Kafka's."""
    page = run([PROGRAM, '--help']).stdout.decode()
    return re.findall('^  ([a-z-]+)  ', page, re.MULTILINE)


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
            status, said, _ = there.run(f'kafka-{name}.sh', '--help')
            expect(status == 0 and said.startswith(f'usage: barnabas {name} '), f'kafka-{name}.sh --help: {said[:80]}')
        missing = [name for name in ('topics', 'configs', 'consumer-groups', 'delete-records', 'get-offsets', 'log-dirs',
                                     'dump-log', 'storage', 'broker-api-versions', 'cluster', 'features') if name not in tools]
        expect_equal(missing, [], 'tools without a link')


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


@check
def what_is_no_tool_says_what_to_do():
    status, said, complaints = by_name('kafka-server-start.sh')
    expect((status, said) == (1, '') and 'USAGE: kafka-server-start.sh [-daemon] server.properties' in complaints, complaints)
    status, said, complaints = by_name('kafka-server-stop.sh')
    expect((status, said) == (1, '') and 'Ctrl-C' in complaints, complaints)
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


if __name__ == '__main__':
    main('kafka_names', stop_shared)
