"""What only the seams may do: everything that could differ between two runs of one seed."""

import re

import source
from tree import line_of

# Where nothing may be read that is not deterministic: clocks, threads, chance, files, sockets, the environment.
DETERMINISTIC = ('protocol/', 'actors/', 'sim/')
CALLS = [
    (r'\b(?:system_clock|steady_clock|high_resolution_clock|utc_clock)\b', 'reads a clock'),
    (r'(?:\bstd::|(?<![\w:])::)(?:time|clock)\s*\(|(?<![\w.>])time\s*\(\s*(?:nullptr|NULL|0)\s*\)', 'reads a clock'),
    (r'\b(?:gettimeofday|clock_gettime|localtime\w*|gmtime\w*)\s*\(', 'reads a clock'),
    (r'\bthis_thread\b|(?<![\w.>])(?:sleep|usleep|nanosleep)\s*\(', 'sleeps or asks for its thread'),
    (r'\bstd::(?:jthread|thread|(?:\w+_)?mutex|atomic\w*|condition_variable\w*|future|promise|async|\w+_semaphore|latch'
     r'|barrier|lock_guard|unique_lock|scoped_lock|call_once)\b', 'uses threads'),
    (r'\bthread_local\b', 'keeps a variable per thread'),
    (r'(?<![\w.>])s?rand\s*\(|\brandom_device\b|\bmt19937\w*|\bdefault_random_engine\b|\w+_distribution\b',
     'draws random numbers that differ between libraries'),
    (r'\bstd::(?:ranges::)?(?:shuffle|sample|random_shuffle)\b', 'shuffles as the library likes'),
    (r'(?<![\w.>])(?:secure_)?getenv\s*\(|(?<![\w.>])setenv\s*\(', 'reads the environment'),
    (r'\bfopen\s*\(|\bstd::(?:basic_)?[io]?fstream\b|\bstd::filesystem\b', 'touches files'),
    (r'(?<![\w>)\]])::(?:open|socket|bind|listen|accept|connect|read|write|fork|mmap|unlink|rename)\s*\(',
     'calls the operating system'),
    (r'\bstd::(?:cout|cerr|clog|cin)\b|(?<![\w.>])(?:printf|puts)\s*\(', 'writes to the terminal'),
    (r'\b(?:getrandom|getentropy|arc4random\w*|[dlm]rand48|getpid|gethostname|uname|setlocale|isatty)\s*\(',
     'asks the machine'),
    (r'\bpthread_\w+|\b__(?:DATE|TIME|TIMESTAMP)__\b', 'depends on the thread or the moment of the build'),
    (r'\bstd::(?:hash|less|greater|owner_less)\s*<[^<>]*\*\s*>|\bowner_before\b|\bu?intptr_t\b', 'depends on an address'),
]
HEADERS = {'<thread>', '<mutex>', '<shared_mutex>', '<atomic>', '<condition_variable>', '<future>', '<semaphore>',
           '<latch>', '<barrier>', '<random>', '<fstream>', '<filesystem>', '<iostream>', '<ctime>', '<time.h>',
           '<unistd.h>', '<fcntl.h>', '<poll.h>', '<netdb.h>'}
HEADER_FAMILIES = ('<sys/', '<netinet/', '<arpa/', '<linux/')
# What an actor of ours never does with CAF.
CAF_CALLS = [
    (r'\bscoped_actor\b|\bblocking_actor\b', 'blocks'),
    (r'\bcaf::detached\b|\bcaf::infinite\b|\bcaf::lazy_init\b', 'leaves the home loop or waits for ever'),
    (r'(?:->|\.)spawn\w*\s*[<(]', 'spawns without runtime::spawn'),
    (r'(?:->|\.)(?:receive|receive_for|receive_while|do_receive)\s*\(', 'blocks'),
    (r'\bcaf::(?:io|group|stream|typed_stream|broadcast_\w+)\b|\bgroups\s*\(\)|\bmiddleman\b|\battach_stream_\w+',
     'uses a part of CAF that we do not: groups, streams, its own network'),
    (r'\bcaf::make_timestamp\b|\bclock\s*\(\)\s*\.\s*now\b|\bactor_clock\b', 'reads the clock of CAF, not that of its node'),
    (r'\bregistry\s*\(\)', 'looks an actor up'),
]
SIMULATED = re.compile(r'\b\w*simulat\w*\b|\b(?:is_|in_|under_)sim\b', re.IGNORECASE)
# A first template argument that is an address, or compares as one.
POINTER_KEY = re.compile(r'\b(?:flat_)?(?:multi)?(?:map|set)\s*<\s*(?:(?:const\s+)?[\w:]+(?:\s+const)?\s*\*'
                         r'|std::(?:shared|unique|weak)_ptr\b|caf::(?:actor|strong_actor_ptr|actor_addr|weak_actor_ptr)\b)')
PRINTED_ADDRESS = re.compile(r'"(?:[^"\\\n]|\\.)*%-?\d*p(?![a-z])(?:[^"\\\n]|\\.)*"')
NO_VARIABLE = re.compile(r'(?:\[\[.*?\]\]\s*)?(?:using|typedef|class|struct|union|enum|template|static_assert|friend|namespace|concept'
                         r'|extern\s+"|public|private|protected|BARNABAS_|CAF_|TEST|TYPED_|INSTANTIATE_|RC_|BENCHMARK)')
CONSTANT = re.compile(r'\bconstexpr\b|\bconst\b(?![^=({]*\*(?!\s*const\b))|\*\s*const\b')
REGISTERING = re.compile(r'__attribute__\s*\(\(\s*constructor|\[\[gnu::constructor|\bREGISTER_\w+|\b\w*(?:registrar|self_register\w*)\b')


def calls(tree):
    """Nothing outside the seams is undeterministic."""
    for path in tree.cpp():
        if not path.startswith(DETERMINISTIC):
            continue
        for line, name in source.includes(tree.text(path)):
            if name in HEADERS or name.startswith(HEADER_FAMILIES):
                yield path, line, f'includes {name}, which only runtime/ may'
        code = tree.code(path)
        for pattern, why in CALLS + (CAF_CALLS if path.startswith('actors/') else []):
            for found in re.finditer(pattern, code):
                yield path, line_of(code, found.start()), f"'{found.group(0).strip()}' {why}"


def hashed(tree):
    """No container whose order is the library's choice, or that of the allocator; no address printed."""
    for path in tree.cpp():
        if not path.startswith(DETERMINISTIC):
            continue
        code = tree.code(path)
        for found in re.finditer(r'\bunordered_\w+|<unordered_\w+>', code):
            yield path, line_of(code, found.start()), f'{found.group(0)}: its order differs between libraries'
        for found in POINTER_KEY.finditer(code):
            yield path, line_of(code, found.start()), f'{" ".join(found.group(0).split())}: its order is that of addresses'
        spoken = source.without_comments(tree.text(path))
        for found in PRINTED_ADDRESS.finditer(spoken):
            yield path, line_of(spoken, found.start()), 'prints an address'


def simulated(tree):
    """No code of the broker asks whether it is simulated."""
    for path in tree.cpp():
        if path.startswith(('actors/', 'protocol/', 'runtime/')):
            code = source.without_comments(tree.text(path))
            for found in SIMULATED.finditer(code):
                yield path, line_of(code, found.start()), f"'{found.group(0)}': the broker does not know that it is simulated"


def _outside_templates(text):
    """The text before its first bracket, brace or equals sign, without what stands in angle brackets; and that sign."""
    depth, kept = 0, ''
    for c in text:
        depth += (c == '<') - (c == '>' and depth > 0)
        if depth == 0 and c in '({=;':
            return kept, c
        kept += c if depth == 0 and c != '>' else ''
    return kept, ';'


def statics(tree):
    """No variable outlives a call unless it is constant, and nothing enters itself into a table."""
    for path in tree.cpp():
        if not path.startswith(DETERMINISTIC):
            continue
        code = source.bare(tree.text(path))
        for found in re.finditer(r'\b(?:static|thread_local)\b(?!\s*(?:assert|cast))', code):
            words, sign = _outside_templates(code[found.start():found.start() + 400])
            if sign != '(' and 'operator' not in words and not CONSTANT.search(words):
                yield path, line_of(code, found.start()), f"'{' '.join(words.split())}' is a static that can change"
        for line, statement in tree.cut(path).statements:
            words, sign = _outside_templates(statement)
            if len(words.split()) > 1 and sign != '(' and not NO_VARIABLE.match(statement) and 'operator' not in words \
                    and not re.search(r'\bstatic\b|\bextern\b', words) and not CONSTANT.search(words):
                yield path, line, f"'{' '.join(words.split())}' is a variable of a namespace that can change"
        for found in REGISTERING.finditer(code):
            yield path, line_of(code, found.start()), f"'{found.group(0)}' enters itself into a table; write the row"


ALL = [calls, hashed, simulated, statics]
