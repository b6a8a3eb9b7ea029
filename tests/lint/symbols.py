"""What the objects of the build really ask for. The text rules see what is written; this sees what is compiled,
macros and inlined headers included.

  symbols.clocks_and_chance   no object of protocol/, actors/ or sim/ needs a clock, a thread, chance, the environment,
                              a file or a socket; tests/lint/symbols.txt lists what foreign headers drag in, with reasons
  symbols.messages_alone      a generated message needs no other one, so that a program links only those it uses
  symbols.links               what a library leaves undefined is defined by a library that its meson.build names
"""

import fnmatch
import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import lint  # noqa: E402
import structure  # noqa: E402
import tree  # noqa: E402

BUILD = os.environ.get('BARNABAS_BUILD', os.path.join(lint.ROOT, 'build'))
CHECKED = ('protocol/', 'actors/', 'sim/')
_C_NAMES = ('time|clock|clock_gettime|clock_getres|gettimeofday|times|ftime|timespec_get|localtime\\w*|gmtime\\w*|mktime|strftime'
            '|rand|rand_r|srand|random|srandom|[dlmnje]rand48|getrandom|getentropy|arc4random\\w*'
            '|nanosleep|clock_nanosleep|usleep|sleep|sched_yield|alarm|timer_\\w+|timerfd_\\w+|eventfd'
            '|getenv|secure_getenv|setenv|putenv|unsetenv|environ|getpid|gettid|getppid|gethostname|uname|isatty|setlocale'
            '|open|openat|open64|creat|fopen|fopen64|freopen|read|write|pread\\w*|pwrite\\w*|fsync|fdatasync|stat\\w*|fstat\\w*'
            '|lstat\\w*|unlink\\w*|rename\\w*|mkdir\\w*|rmdir|opendir|readdir\\w*|mmap\\w*|ftruncate\\w*|flock|fcntl\\w*|ioctl'
            '|socket|socketpair|connect|bind|listen|accept\\w*|send|sendto|sendmsg|recv|recvfrom|recvmsg|poll|ppoll|select'
            '|epoll_\\w+|getaddrinfo|gethostby\\w+|pipe|pipe2|fork|vfork|execv\\w*|posix_spawn\\w*|signal|sigaction|kill|raise'
            '|pthread_\\w+|thrd_\\w+|mtx_\\w+|sem_\\w+|dlopen|dlsym|syscall')
FORBIDDEN = [
    re.compile(f'(?:{_C_NAMES})(?:@.*)?$'),
    re.compile(r'std::chrono::(?:_V2::)?\w*_clock::now|std::filesystem::|std::(?:__cxx11::)?(?:random_device|locale::classic)'),
    re.compile(r'std::(?:jthread|thread|this_thread|condition_variable\w*|(?:\w+_)?mutex|__future_base|_V2::condition\w*|async'
               r'|__atomic_\w+|__once_\w+|call_once)\b'),
    re.compile(r'std::(?:basic_)?\w*fstream|std::basic_filebuf|std::(?:cout|cerr|clog|cin|wcout|wcerr)\b|std::ios_base::Init'),
    re.compile(r'std::(?:\w+_distribution|shuffle|sample|mersenne_twister_engine)\b'),
    re.compile(r'std::_Hash_bytes|std::__detail::_Prime_rehash_policy'),
    re.compile(r'caf::(?:scoped_actor|blocking_actor|make_timestamp|timestamp_\w+|actor_registry|io::|group\w*::'
               r'|actor_system::(?:clock|registry|groups|middleman|threads))\b'),
]


def objects(build):
    """Objects of the build, as the build folder names them, that exist."""
    with open(os.path.join(build, 'compile_commands.json'), encoding='utf-8') as file:
        outputs = sorted({entry['output'] for entry in json.load(file)})
    return [path for path in outputs if path.endswith('.o') and os.path.exists(os.path.join(build, path))]


def table_of(build, path):
    """(defined, undefined) symbols of an object."""
    done = subprocess.run(['nm', '-C', path], cwd=build, capture_output=True, text=True, errors='replace', check=True)
    defined, undefined = set(), set()
    for line in done.stdout.splitlines():
        found = re.match(r'[0-9a-f ]{16,} ([a-zA-Z]) (.*)$', line)
        if found:
            (undefined if found.group(1) in 'Uw' else defined).add(found.group(2))
    return defined, undefined


def tables_of(build, paths):
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        return dict(zip(paths, pool.map(lambda path: table_of(build, path), paths)))


def read_allowed(text):
    """(pattern of objects, symbol, reason) per line: `OBJECTS SYMBOL # reason`."""
    for line in text.splitlines():
        if line.strip() and not line.startswith('#'):
            what, reason = line.split(' # ', 1)
            objects_of, symbol = what.strip().split(None, 1)
            yield objects_of, symbol.strip(), reason


def forbidden(tables, allowed):
    """Problems: symbols that no object may need, and allowances that nobody needs."""
    needed = set()
    for path, (_, undefined) in sorted(tables.items()):
        for symbol in sorted(one for one in undefined if any(pattern.match(one) for pattern in FORBIDDEN)):
            lines = [one for one in allowed if fnmatch.fnmatchcase(path, one[0]) and symbol == one[1]]
            needed.update(lines)
            if not lines:
                yield f'{path} needs {symbol}'
    for one in allowed:
        if one not in needed:
            yield f'tests/lint/symbols.txt allows {one[1]} to {one[0]}, which nobody needs; remove the line'


def messages_that_need_others(tables):
    """Generated messages by object; only the table of all of them may need others."""
    generated = {path: one for path, one in tables.items()
                 if path.startswith('protocol/kafka/') and 'meson-generated' in path}
    alone = {path: one for path, one in generated.items() if not path.endswith('message_table.cpp.o')}
    homes = {symbol: path for path, (defined, _) in alone.items() for symbol in defined if 'barnabas::kafka::' in symbol}
    for path, (defined, undefined) in sorted(alone.items()):
        for symbol in sorted(undefined - defined):
            if symbol in homes:
                yield f'{path} needs {symbol[:120]} of {os.path.basename(homes[symbol])}'
    if not alone:
        yield 'no generated message was found'


class Libraries:
    """Static libraries of the project: their objects, and what they may resolve names from."""

    def __init__(self, files):
        self.folders, self.edges, self.named = {}, {}, {}
        for _, _, folder, name, dependencies in structure.libraries_of(files):
            self.edges.setdefault(name, set()).update(dependencies)
            self.folders[name] = folder
        for path in files.paths:
            if os.path.basename(path) == 'meson.build':
                self.read(os.path.dirname(path), re.sub(r'#[^\n]*', '', files.text(path)))

    def read(self, folder, text):
        for name, target in re.findall(r"\b(\w+)\s*=\s*static_library\s*\(\s*'(\w+)'", text):
            self.named[name] = f'{folder}/lib{target}.a.p/'
        for call in re.finditer(r'\b(\w+)\s*=\s*(?:static_library|declare_dependency)\s*(\()', text):
            inside = structure._between(text, call.start(2))
            for linked in re.findall(r'\blink_with\s*:\s*\[?([\w, ]+)', inside):
                self.edges[call.group(1)].update(re.findall(r'\b\w+_lib\b', linked))
            if re.search(r'\bactor_dependencies\b', inside):
                self.edges[call.group(1)].add('actor_dependencies')
        for more in re.findall(r'\bactor_dependencies\s*\+=\s*(\[[^\]]*\]|\w+)', text):
            self.edges.setdefault('actor_dependencies', set()).update(re.findall(r'\b\w+_dep\b', more))

    def reach(self, name):
        """The library and all that it links, directly or not."""
        seen, waiting = set(), [name]
        while waiting:
            one = waiting.pop()
            if one not in seen:
                seen.add(one)
                waiting += self.edges.get(one, ())
        return seen

    def missing(self, tables):
        """Names of ours that a library needs and none of its own defines."""
        prefixes = {name: folder for name, folder in self.named.items() if folder.startswith(CHECKED + ('runtime/',))}
        defined, needs = {}, {}
        for path, (own, wanted) in tables.items():
            for name, prefix in prefixes.items():
                if path.startswith(prefix):
                    defined.setdefault(name, set()).update(own)
                    needs.setdefault(name, set()).update(one for one in wanted if 'barnabas::' in one)
        for name in sorted(needs):
            known = set().union(*(defined.get(one, set()) for one in self.reach(name)))
            for symbol in sorted(needs[name] - known):
                homes = sorted(one for one in defined if symbol in defined[one])
                if homes:
                    yield f'{prefixes[name]}: {symbol[:160]} is of {homes[0]}, which its meson.build does not link'


def report(name, problems):
    for problem in problems:
        print(f'FAIL {name}: {problem}')
    if not problems:
        print(f'PASS {name}')
    return not problems


def main():
    if not os.path.exists(os.path.join(BUILD, 'compile_commands.json')):
        print('SKIP symbols: there is no build folder')
        return 0
    found = [path for path in objects(BUILD) if path.startswith(CHECKED + ('runtime/',))]
    if not any(path.startswith('actors/') for path in found):
        print('SKIP symbols: nothing is built')
        return 0
    tables = tables_of(BUILD, found)
    with open(os.path.join(lint.HERE, 'symbols.txt'), encoding='utf-8') as file:
        allowed = list(read_allowed(file.read()))
    checked = {path: one for path, one in tables.items() if path.startswith(CHECKED)}
    good = report('symbols.clocks_and_chance', list(forbidden(checked, allowed)))
    good = report('symbols.messages_alone', list(messages_that_need_others(tables))) and good
    libraries = Libraries(tree.Tree(lint.ROOT, lint.files_of(lint.ROOT)))
    return 0 if report('symbols.links', list(libraries.missing(tables))) and good else 1


if __name__ == '__main__':
    sys.exit(main())
