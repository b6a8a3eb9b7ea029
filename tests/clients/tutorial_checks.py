"""What tutorials paste: each command runs word for word, but for the server's port, in the order of a tutorial.

The numbers are those of the list that these commands come from; none of it may be missing here.
"""

import os
import re
import signal

from broker import run
from checks import check, expect, expect_equal, main, until
from page_folder import Page

# Their server side does not exist yet.
ABSENT = {8: 'kafka-acls.sh --add --allow-principal User:a --operation Read --topic t --group g',
          11: 'connect-standalone.sh config/connect-standalone.properties connect-file-source.properties'}
LISTED = range(1, 13)
SERVER = '--bootstrap-server localhost:9092'
# What Kafka's tools say on standard error when all is well.
NOTED = re.compile(r"(Processed a total of \d+ messages\n|\nConsumer group 'g' has no active members\.\n)?")


def exactly(text):
    return re.compile(re.escape(text))


# (number, command, what is typed, what it prints)
BEFORE_THE_SERVER = [
    (1, 'KAFKA_CLUSTER_ID="$(bin/kafka-storage.sh random-uuid)"\n'
        'bin/kafka-storage.sh format --standalone -t $KAFKA_CLUSTER_ID -c config/server.properties', '',
     re.compile(r'Formatting dynamic metadata voter directory /\S+/kraft-combined-logs with metadata\.version 4\.\d-IV\d\.\n')),
    (1, 'KAFKA_CLUSTER_ID="$(bin/kafka-storage.sh random-uuid)"\n'
        'bin/kafka-storage.sh format -t $KAFKA_CLUSTER_ID -c config/kraft/server.properties', '',
     re.compile(r'Formatting metadata directory /\S+/kraft-combined-logs-3 with metadata\.version 4\.\d-IV\d\.\n')),
]
WITH_THE_SERVER = [
    (10, f'bin/kafka-broker-api-versions.sh {SERVER}', '',
     re.compile(r'\S+:\d+ \(id: 1 rack: null isFenced: false\) -> \(\n\tProduce\(0\): .*\n\)\n', re.DOTALL)),
    (3, f'bin/kafka-topics.sh --create --topic quickstart-events {SERVER}', '', exactly('Created topic quickstart-events.\n')),
    (3, f'bin/kafka-topics.sh --create --topic t {SERVER} --partitions 3 --replication-factor 1', '', exactly('Created topic t.\n')),
    (3, f'bin/kafka-topics.sh --describe --topic t {SERVER}', '',
     re.compile(r'Topic: t\tTopicId: \S{22}\tPartitionCount: 3\tReplicationFactor: 1\tConfigs: .*\n(\tTopic: t\tPartition: \d\t.*\n){3}')),
    (3, f'bin/kafka-topics.sh --list {SERVER}', '', exactly('quickstart-events\nt\n')),
    (3, f'bin/kafka-topics.sh --alter --topic quickstart-events --partitions 6 {SERVER}', '', exactly('')),
    (4, f'bin/kafka-console-producer.sh --topic quickstart-events {SERVER}', 'This is my first event\nThis is my second event\n',
     exactly('')),
    (4, f'bin/kafka-console-producer.sh --topic t {SERVER} --property parse.key=true --property key.separator=:', 'k1:v1\nk2:v2\n',
     exactly('Option --property is deprecated and will be removed in a future version. Use --reader-property instead.\n')),
    (4, 'bin/kafka-console-producer.sh --topic t --broker-list localhost:9092', 'plain\n', exactly('')),
    (5, f'bin/kafka-console-consumer.sh --topic t --from-beginning {SERVER} --property print.key=true --property print.timestamp=true '
        '--group g --max-messages 3', '',
     re.compile(r'Option --property is deprecated.*\n(CreateTime:\d+\t(k1\tv1|k2\tv2|null\tplain)\n){3}')),
    (6, f'bin/kafka-consumer-groups.sh {SERVER} --list', '', re.compile(r'(.*\n)*g\n(.*\n)*')),
    (6, f'bin/kafka-consumer-groups.sh {SERVER} --describe --group g', '',
     re.compile(r'\nGROUP +TOPIC +PARTITION +CURRENT-OFFSET +LOG-END-OFFSET +LAG .*\n(g +t +\d +\d +\d +0 .*\n){3}')),
    (6, f'bin/kafka-consumer-groups.sh {SERVER} --reset-offsets --to-earliest --group g --topic t --execute', '',
     re.compile(r'\nGROUP +TOPIC +PARTITION +NEW-OFFSET *\n(g +t +\d +0 *\n){3}')),
    (7, f'bin/kafka-configs.sh {SERVER} --alter --entity-type topics --entity-name t --add-config retention.ms=1000', '',
     exactly('Completed updating config for topic t.\n')),
    (7, f'bin/kafka-configs.sh {SERVER} --describe --entity-type topics --entity-name t', '',
     re.compile(r'Dynamic configs for topic t are:\n  retention\.ms=1000 sensitive=false synonyms=\{.*\}\n')),
    (9, 'bin/kafka-producer-perf-test.sh --topic quickstart-events --num-records 1000000 --record-size 100 --throughput -1 '
        '--producer-props bootstrap.servers=localhost:9092 acks=all', '',
     re.compile(r'(.*\n)*1000000 records sent, [\d.]+ records/sec \([\d.]+ MB/sec\), [\d.]+ ms avg latency, [\d.]+ ms max latency, '
                r'\d+ ms 50th, \d+ ms 95th, \d+ ms 99th, \d+ ms 99\.9th\.\n')),
    (12, 'bin/kafka-run-class.sh kafka.tools.GetOffsetShell --broker-list localhost:9092 --topic t --time -1', '',
     re.compile(r'(t:\d:\d\n){3}')),
    (3, f'bin/kafka-topics.sh --delete --topic t {SERVER}', '', exactly('')),
]
# Of these the beginning is all that is looked at before they are ended.
READERS = [
    (5, f'bin/kafka-console-consumer.sh --topic quickstart-events --from-beginning {SERVER}',
     'This is my first event\nThis is my second event\n'),
]
# What older tutorials have, and what is said of it.
GONE = [
    ('bin/kafka-topics.sh --create --zookeeper localhost:2181 --replication-factor 1 --partitions 1 --topic test', '--bootstrap-server'),
    ('bin/kafka-topics.sh --list --zookeeper localhost:2181', '--bootstrap-server'),
    ('bin/kafka-topics.sh --create --topic t --broker-list localhost:9092', '--bootstrap-server'),
    ('bin/kafka-console-consumer.sh --zookeeper localhost:2181 --topic test --from-beginning', '--bootstrap-server'),
    (f'bin/kafka-console-consumer.sh --new-consumer {SERVER} --topic test', 'leave it out'),
    (f'bin/kafka-console-consumer.sh {SERVER} --whitelist "t.*"', '--include'),
    (f'bin/kafka-console-consumer.sh {SERVER} --blacklist "t.*"', '--include with a regular expression that leaves X out: ^(?!X$).*'),
    (f'bin/kafka-consumer-groups.sh --new-consumer {SERVER} --list', 'leave it out'),
    ('bin/kafka-consumer-groups.sh --zookeeper localhost:2181 --list', '--bootstrap-server'),
    ('bin/kafka-configs.sh --zookeeper localhost:2181 --alter --entity-type topics --entity-name t --add-config a=b', '--bootstrap-server'),
    (f'bin/kafka-topics.sh {SERVER} --delete --topic t --force', 'leave it out'),
    ('bin/kafka-consumer-perf-test.sh --zookeeper localhost:2181 --messages 10 --topic t', '--bootstrap-server'),
    ('bin/kafka-producer-perf-test.sh --new-producer --topic t', 'leave it out'),
    ('bin/kafka-verifiable-producer.sh --zookeeper localhost:2181 --topic t', '--bootstrap-server'),
    ('bin/kafka-run-class.sh kafka.tools.GetOffsetShell --broker-list localhost:9092 --topic t --max-wait-ms 1000', 'leave it out'),
    ('bin/kafka-run-class.sh kafka.tools.GetOffsetShell --broker-list localhost:9092 --topic t --offsets 1', 'the one that --time chooses'),
    (f'bin/kafka-consumer-perf-test.sh {SERVER} --topic t --messages 10 --print-metrics', 'this consumer keeps no metrics yet'),
    (f'bin/kafka-producer-perf-test.sh --topic t --num-records 10 --throughput -1 --record-size 9 --producer-props bootstrap.servers=localhost:9092 '
     '--transaction-duration-ms 10', 'has no transactions yet'),
]


def write(page, path, text):
    path = os.path.join(page.folder, path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'w', encoding='utf-8') as file:
        file.write(text)


@check
def nothing_of_the_list_is_missing():
    run_here = {number for number, *_ in BEFORE_THE_SERVER + WITH_THE_SERVER + READERS} | {2}
    expect_equal(sorted(run_here | set(ABSENT)), list(LISTED), 'numbers that are run or absent')
    expect(not run_here & set(ABSENT), 'what is absent is run')


@check
def every_command_runs_as_tutorials_have_it():
    with Page() as page:
        write(page, 'config/server.properties', f'node.id=1\nlog.dirs={page.folder}/kraft-combined-logs\n')
        write(page, 'config/kraft/server.properties', f'node.id=1\nlog.dirs={page.folder}/kraft-combined-logs-3\n')
        for number, command, typed, wanted in BEFORE_THE_SERVER:
            expect_match(number, page, command, typed, wanted)
        page.run('bin/kafka-server-start.sh config/server.properties', '', '')
        for number, command, typed, wanted in WITH_THE_SERVER:
            expect_match(number, page, command, typed, wanted)
            for reader, reading, shown in READERS:
                if number == 4 and 'quickstart-events' in command:
                    printed = sorted(page.run(reading, '', shown).splitlines())
                    expect_equal(printed, sorted(shown.splitlines()), f'{reader}: {reading}')


OLD_NAME = ('Option --producer-props has been deprecated and will be removed in a future version. Use --command-property '
            'instead.\n')


def expect_match(number, page, command, typed, wanted):
    done = run(['bash', '-ec', page.here(command)], data=typed.encode(), seconds=120, cwd=page.folder)
    expect(wanted.fullmatch(done.stdout.decode()), f'{number}: {command} printed {done.stdout.decode()!r}')
    complaints = done.stderr.decode().replace(OLD_NAME if '--producer-props' in command else '\0', '')
    expect(NOTED.fullmatch(complaints), f'{number}: {command} complains of {complaints!r}')


@check
def the_server_starts_in_the_background_as_tutorials_have_it():
    with Page() as page:
        write(page, 'config/server.properties', f'node.id=1\nlisteners=PLAINTEXT://127.0.0.1:{page.port}\n'
              f'barnabas.http.listener=127.0.0.1:{page.http_port}\nlog.dirs={page.folder}/kraft-combined-logs\n')
        command = 'bin/kafka-server-start.sh -daemon config/server.properties'
        page.link(command)
        run(['bash', '-c', command], cwd=page.folder)
        output = os.path.join(page.folder, 'kafkaServer.out')
        told = until(lambda: os.path.exists(output) and re.search(r'kill (\d+)', open(output, encoding='utf-8').read()),
                     'it says that it listens', 30)
        printed = page.run(f'bin/kafka-topics.sh --list {SERVER}', '', '')
        os.kill(int(told.group(1)), signal.SIGTERM)
        until(lambda: 'stopped' in open(output, encoding='utf-8').read(), 'it has stopped', 30)
        expect_equal(printed, '\n', 'topics of an empty cluster')


@check
def options_of_older_tutorials_name_what_is_there_instead():
    with Page() as page:
        for command, instead in GONE:
            page.link(command)
            done = run(['bash', '-c', command], cwd=page.folder, good=False)
            complaint = done.stderr.decode()
            expect_equal((done.returncode, done.stdout), (1, b''), f'status and output of {command} ({complaint})')
            expect(instead in complaint and complaint.count('\n') == 1, f'{command}: {complaint}')


if __name__ == '__main__':
    main('tutorial')
