"""docs/client-library.md: programs outside of this repository, built against what `meson install` put into a folder.

They see nothing but the installed files, through pkg-config. The page's commands are run in order and what they print is
compared with the page; each of its pieces of C++ stands in one of the examples.
"""

import glob
import os
import re
import shutil
import subprocess
import tempfile

from broker import ROOT, Broker, run
from checks import Skip, check, expect, expect_equal, main
from installed import Installed

PAGE = os.path.join(ROOT, 'docs', 'client-library.md')
BLOCK = re.compile(r'^```(\w+)\n(.*?)^```$', re.MULTILINE | re.DOTALL)
ADDRESS = 'localhost:9092'
NAMES = ('admin', 'consumer', 'producer')
SHARED = []


def blocks():
    with open(PAGE, encoding='utf-8') as file:
        return BLOCK.findall(file.read())


class Library:
    """The installed library, and a folder with copies of its examples."""

    def __init__(self):
        for tool in ('g++', 'pkg-config'):
            if shutil.which(tool) is None:
                raise Skip(f'there is no {tool}')
        self.installed = Installed().__enter__()
        self.work = tempfile.mkdtemp(prefix='barnabas-test-')
        found = glob.glob(os.path.join(self.installed.folder, '**', 'barnabas-client.pc'), recursive=True)
        if not found:
            raise Skip('this build makes no shared library')
        # A system's root in another place: what pkg-config says of folders is to be looked for there.
        self.variables = {**os.environ, 'PKG_CONFIG_PATH': os.path.dirname(found[0]),
                          'PKG_CONFIG_SYSROOT_DIR': self.installed.folder}
        libdir = self.run('pkg-config --variable=libdir barnabas-client').strip()
        self.variables['LD_LIBRARY_PATH'] = libdir if libdir.startswith(self.installed.folder) else self.installed.folder + libdir
        examples = self.installed.path('share', 'doc', 'barnabas-client', 'examples')
        for name in NAMES:
            shutil.copy(os.path.join(examples, f'{name}.cpp'), self.work)

    def discard(self):
        self.installed.__exit__()
        shutil.rmtree(self.work)

    def run(self, command, status=0):
        done = subprocess.run(['bash', '-ec', command], cwd=self.work, env=self.variables, capture_output=True, text=True,
                              timeout=300, check=False)
        expect_equal(done.returncode, status, f'status of {command!r} ({done.stderr[-400:]})')
        return done.stdout

    def build(self, name):
        if not os.path.exists(os.path.join(self.work, name)):
            self.run(next(text for kind, text in blocks() if kind == 'sh' and text.startswith('g++') and f'{name}.cpp' in text))


def library():
    if not SHARED:
        SHARED.append(Library())
    return SHARED[0]


def stop_shared():
    for one in SHARED:
        one.discard()


@check
def the_pages_commands_print_what_it_says():
    there, all_blocks, compared = library(), blocks(), 0
    with Broker() as broker:
        for (kind, text), (next_kind, wanted) in zip(all_blocks, all_blocks[1:] + [('', '')]):
            if kind != 'sh':
                continue
            printed = there.run(text.replace(ADDRESS, broker.bootstrap))
            if next_kind == 'text':
                expect_equal(printed, wanted, text)
                compared += 1
    expect_equal(compared, 4, 'outputs compared')


@check
def the_pages_snippets_are_of_the_examples():
    sources = ''
    for name in NAMES:
        with open(os.path.join(ROOT, 'docs', 'examples', f'{name}.cpp'), encoding='utf-8') as file:
            sources += file.read()
    snippets = [text for kind, text in blocks() if kind == 'cpp']
    expect(len(snippets) >= 5, f'{len(snippets)} snippets')
    expect_equal([text for text in snippets if text not in sources], [], 'snippets that no example has')


@check
def headers_need_the_standard_library_only():
    there = library()
    flags = there.run('pkg-config --cflags barnabas-client').split()
    folder = next(flag[2:] for flag in flags if flag.startswith('-I'))
    headers = sorted(glob.glob(os.path.join(folder, '**', '*.hpp'), recursive=True))
    expect(os.path.join(folder, 'barnabas', 'client.hpp') in headers, f'headers are {headers}')
    every = os.path.join(there.work, 'every.cpp')
    with open(every, 'w', encoding='utf-8') as file:
        file.writelines(f'#include "{os.path.relpath(path, folder)}"\n' for path in headers)
    reached = there.run(f'g++ -std=c++20 -M {" ".join(flags)} every.cpp').replace('\\\n', ' ').split()[2:]
    strange = [path for path in reached if re.search(r'/(caf|boost|capnp|kj|re2)/|(zstd|lz4|zlib|snappy|liburing)\w*\.h$', path)]
    expect_equal(strange, [], 'headers of other libraries')
    own = {path for path in reached if path.startswith(folder)}
    expect_equal(sorted(set(headers) - own), [], 'headers that were not read')
    there.run(f'g++ -std=c++20 -Wall -Wextra -Wpedantic -Werror -fsyntax-only {" ".join(flags)} every.cpp')


@check
def the_library_shows_its_faces_only():
    there = library()
    listed = run(['nm', '-DC', '--defined-only', os.path.join(there.variables['LD_LIBRARY_PATH'], 'libbarnabas-client.so')])
    names = [line.split(' ', 2)[2] for line in listed.stdout.decode().splitlines()]
    expect(any(name.startswith('barnabas::client::record_producer::send(') for name in names), 'the producer is not there')
    strange = [name for name in names if re.match(r'(typeinfo|vtable).*caf|caf::|boost::|barnabas::(?!client|runtime::gate)\w+::', name)]
    expect_equal(strange[:5], [], 'symbols')


@check
def what_goes_wrong_is_said():
    there = library()
    for name in NAMES:
        there.build(name)
    there.run('./producer', status=2)
    nobody = '127.0.0.1:1'
    said = subprocess.run(['./admin', nobody, 't', '1'], cwd=there.work, env=there.variables, capture_output=True, text=True,
                          timeout=60, check=False)
    expect_equal(said.returncode, 1, 'status of the admin program')
    expect('as far as: connect' in said.stderr and nobody in said.stderr, said.stderr)
    with Broker({'auto.create.topics.enable': 'false'}) as broker:
        done = subprocess.run(['./producer', broker.bootstrap, 'no-such'], cwd=there.work, env=there.variables, input='x\n',
                              capture_output=True, text=True, timeout=120, check=False)
    expect_equal((done.returncode, done.stdout), (1, '0 sent, 2 failed\n'), done.stderr)


@check
def a_group_reads_on_where_it_stopped():
    there = library()
    for name in NAMES:
        there.build(name)
    with Broker() as broker:
        there.run(f'./admin {broker.bootstrap} t 1')
        there.run(f'seq 100 104 | ./producer {broker.bootstrap} t')
        first = there.run(f'./consumer {broker.bootstrap} g t 1')
        there.run(f'seq 200 204 | ./producer {broker.bootstrap} t')
        second = there.run(f'./consumer {broker.bootstrap} g t 1')
        rest = 12 - len((first + second).splitlines())
        third = there.run(f'./consumer {broker.bootstrap} g t {rest}') if rest else ''
    values = [line.split(': ')[1] for line in (first + second + third).splitlines()]
    wanted = [str(one) for one in range(100, 105)] + ['the end'] + [str(one) for one in range(200, 205)] + ['the end']
    expect_equal(values, wanted, 'what the group read')


CALLBACKS = r'''
#include <barnabas/client.hpp>
#include <iostream>
#include <stdexcept>

namespace client = barnabas::client;

int main(int, char** words) {
    client::record_consumer_options options;
    int changes = 0;
    options.on_trouble = [](const std::string& sentence) { std::cout << "trouble: " << sentence << std::endl; };
    options.on_rebalance = [&](const client::rebalance_event& event) {
        ++changes;
        if (event.what == client::rebalance_event::kind::assigned)
            throw std::runtime_error("assigned");
        throw 1;
    };
    auto consumer = client::make_consumer({{"bootstrap.servers", words[1]}, {"group.id", words[2]}, {"group.protocol", words[3]},
                                           {"auto.offset.reset", "earliest"}}, options);
    if (!consumer)
        return 1;
    const auto matching = consumer->subscribe_matching([](const std::string& topic) {
        if (topic == "bad")
            throw std::runtime_error("pattern");
        return topic == "good";
    });
    if (!matching)
        return 1;
    int seen = 0;
    const auto read_to = [&](int wanted) {
        for (int rounds = 0; seen < wanted && rounds < 60; ++rounds) {
            const auto records = consumer->poll(std::chrono::seconds(1));
            if (!records)
                std::cout << records.failure().detail << std::endl;
            else
                for (const auto& one : *records) {
                    ++seen;
                    std::cout << one.where->topic << " " << client::text_of(one.value) << std::endl;
                }
        }
    };
    read_to(2);
    std::cout << "lag " << consumer->current_lag({"good", 0}).value_or(-1) << " of "
              << consumer->high_watermark({"good", 0}).value_or(-1) << std::endl;
    if (!consumer->subscribe(std::set<std::string>{"bad"}))
        return 1;
    read_to(3);
    std::cout << "changes " << changes << std::endl;
    consumer->close();
}
'''


@check
def callbacks_that_throw_lose_nothing():
    there = library()
    with open(os.path.join(there.work, 'callbacks.cpp'), 'w', encoding='utf-8') as file:
        file.write(CALLBACKS)
    there.run('g++ -std=c++20 -o callbacks callbacks.cpp $(pkg-config --cflags --libs barnabas-client)')
    with Broker({'num.partitions': 1, 'group.initial.rebalance.delay.ms': 0}) as broker:
        for topic, lines in (('good', 'a\nb\n'), ('bad', 'c\n'), ('other', 'd\n')):
            run(['kcat', '-b', broker.bootstrap, '-P', '-t', topic], data=lines.encode())
        for protocol in ('classic', 'consumer'):
            said = there.run(f'./callbacks {broker.bootstrap} {protocol}-group {protocol}').splitlines()
            trouble = 'trouble: {} of the program threw an exception: {}'
            expect_equal([line for line in said if not line.startswith('trouble')],
                         ['good a', 'good b', 'lag 0 of 2', 'bad c', 'changes 3'], f'{protocol}: {said}')
            told = [line for line in said if line.startswith('trouble')]
            expect_equal(sorted(told), sorted([trouble.format('a pattern', 'pattern'), *2 * [trouble.format('on_rebalance', 'assigned')],
                                               trouble.format('on_rebalance', 'of a type that is no std::exception')]), protocol)


if __name__ == '__main__':
    main('client_library', stop_shared)
