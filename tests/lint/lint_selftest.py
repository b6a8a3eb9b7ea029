"""The checkers checked: each rule gets a snippet that breaks it and one that does not."""

import os
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import determinism  # noqa: E402
import headers_alone  # noqa: E402
import lint  # noqa: E402
import rules  # noqa: E402
import sizes  # noqa: E402
import source  # noqa: E402
import structure  # noqa: E402
import symbols  # noqa: E402
import tree  # noqa: E402

with open(os.path.join(lint.HERE, 'layers.txt'), encoding='utf-8') as layers_file:
    LAYERS = layers_file.read()
CASES = []


def problems(rule, files):
    """(path, line) of what the rule says about a small tree."""
    with tempfile.TemporaryDirectory() as root:
        for path, text in {'tests/lint/layers.txt': LAYERS, **files}.items():
            full = os.path.join(root, path)
            os.makedirs(os.path.dirname(full), exist_ok=True)
            with open(full, 'w', encoding='utf-8') as file:
                file.write(text)
        files_there = tree.Tree(root, ['tests/lint/layers.txt', *files])
        return [(path, line) for path, line, _ in rule(files_there)]


def case(function):
    CASES.append(function)
    return function


def breaks(rule, path, text, line=None):
    found = problems(rule, {path: text})
    assert found, f'{rule.__name__} lets pass in {path}: {text!r}'
    assert line is None or found[0][1] == line, f'{rule.__name__} says line {found[0][1]}, not {line}: {text!r}'


def holds(rule, path, text):
    found = problems(rule, {path: text})
    assert not found, f'{rule.__name__} refuses in {path}: {text!r}'


@case
def an_include_never_points_up():
    breaks(rules.layers, 'protocol/model/a.cpp', '\n#include "runtime/clock/clock.hpp"\n', 2)
    breaks(rules.layers, 'actors/x/a.cpp', '#include "sim/world/world.hpp"\n')
    breaks(rules.layers, 'protocol/model/a.cpp', '#include "protocol/kafka/wire.hpp"\n')
    holds(rules.layers, 'actors/x/a.cpp', '#include "runtime/clock/clock.hpp"\n#include <vector>\n')
    holds(rules.layers, 'actors/x/a.cpp', '// #include "sim/world/world.hpp"\n')


@case
def roles_see_only_messages_and_actors_of_each_other():
    breaks(rules.layers, 'actors/x/a.cpp', '#include "actors/y/inside.hpp"\n')
    holds(rules.layers, 'actors/x/a.cpp', '#include "actors/y/y_messages.hpp"\n#include "actors/x/inside.hpp"\n')


@case
def machines_know_no_caf_and_no_asio():
    breaks(rules.libraries, 'actors/x/a.hpp', '#include <caf/actor.hpp>\n')
    breaks(rules.libraries, 'actors/x/a.hpp', '#include <caf/allowed_unsafe_message_type.hpp>\n')
    breaks(rules.libraries, 'actors/x/a_actor.cpp', '#include <boost/asio/post.hpp>\n')
    breaks(rules.libraries, 'runtime/network/a.hpp', '#include <iostream>\n')
    holds(rules.libraries, 'actors/x/x_messages.hpp', '#include <caf/allowed_unsafe_message_type.hpp>\n')
    holds(rules.libraries, 'actors/x/a_actor.cpp', '#include <caf/actor.hpp>\n')


@case
def forbidden_calls_are_found_outside_runtime():
    for text in ('auto t = std::chrono::steady_clock::now();', 'auto t = time(nullptr);', 'std::mutex m;',
                 'std::lock_guard l(m);', 'std::atomic<int> n;', 'int x = rand();', 'std::random_device d;',
                 'std::uniform_int_distribution<int> d;', 'std::shuffle(a, b, g);', 'getenv("X");', 'thread_local int x;',
                 'std::ifstream f;', 'fopen("a", "r");', '::open("a", 0);', '#include <thread>', '#include <sys/socket.h>',
                 'std::this_thread::yield();', 'std::cout << 1;', 'std::filesystem::path p;', 'sleep(1);'):
        breaks(determinism.calls, 'actors/x/a.cpp', '\n' + text + '\n', 2)
        breaks(determinism.calls, 'protocol/x/a.cpp', text)
        holds(determinism.calls, 'runtime/x/a.cpp', text)


@case
def what_only_looks_like_a_call_is_not_found():
    for text in ('// std::mutex\n', '/* rand() */', 'auto s = "std::mutex rand()";', "char c = '\"'; // rand()\n",
                 'auto s = R"(std::thread t;)";', 'log.open("a");', 'my::rand_seed();', 'std::chrono::milliseconds wait;',
                 'void file::open(int);', 'record.time(nullptr_t{});', 'auto n = 1\'000\'000; f(\'a\');', 'operand();'):
        holds(determinism.calls, 'actors/x/a.cpp', text)


@case
def actors_do_not_misuse_caf():
    for text in ('caf::scoped_actor self{system};', 'system.spawn<caf::detached>(f);', 'self->spawn(f);',
                 'system.registry().get(x);', 'request(a, caf::infinite, b);'):
        breaks(determinism.calls, 'actors/x/a_actor.cpp', text)
    holds(determinism.calls, 'actors/x/a_actor.cpp', 'auto a = runtime::spawn<handle, impl>(node, options);')


@case
def hashed_containers_are_found():
    breaks(determinism.hashed, 'actors/x/a.hpp', 'std::unordered_map<int, int> m;')
    breaks(determinism.hashed, 'protocol/x/a.hpp', '#include <unordered_set>')
    holds(determinism.hashed, 'runtime/x/a.hpp', 'std::unordered_map<int, int> m;')
    holds(determinism.hashed, 'actors/x/a.hpp', '// not an unordered_map\nstd::map<int, int> m;')


def body(lines):
    return ''.join(f'    f({i});\n' for i in range(lines))


@case
def long_functions_are_found():
    for head in ('void f() {', 'int a::f(int x) const noexcept {', 'auto f() -> std::vector<int> {', 'TEST(a, b) {',
                 'template <class T, class U = std::vector<T>>\nT f(T x) {', 'a::a() : b_{1}, c_(2) {', 'struct s f() {',
                 'namespace n {\nclass c {\n    void f(std::function<void()> g = {}) {', 'bool operator()(int x) const {',
                 'CAF_ALLOW_UNSAFE_MESSAGE_TYPE(a)\nvoid f() {'):
        closing = '}}};\n' if head.startswith('namespace') else '}\n'
        breaks(sizes.length, 'sim/x/a.cpp', head + '\n' + body(60) + closing)
        holds(sizes.length, 'sim/x/a.cpp', head + '\n' + body(40) + closing)


@case
def long_classes_tables_and_namespaces_are_no_functions():
    members = ''.join(f'    int f{i}() {{ return {i}; }}\n' for i in range(80))
    holds(sizes.length, 'sim/x/a.cpp', 'namespace n {\nclass c : public d {\n' + members + '};\n}\n')
    holds(sizes.length, 'sim/x/a.cpp', 'const row rows[] = {\n' + ''.join(f'    {{"a", g({i})}},\n' for i in range(80)) + '};\n')
    holds(sizes.length, 'sim/x/a.cpp', 'enum class e : int {\n' + ''.join(f'    a{i},\n' for i in range(80)) + '};\n')
    holds(sizes.length, 'sim/x/a.cpp', 'CAF_ALLOW_UNSAFE_MESSAGE_TYPE(x)\nnamespace n {\n' + members + '}\n')
    cases = ''.join(f'    case e::a{i}: return "a";\n' for i in range(80))
    holds(sizes.length, 'sim/x/a.cpp', 'const char* f(e x) {\n    switch (x) {\n' + cases + '    }\n}\n')


@case
def names_and_lines_of_functions_are_right():
    text = '#include <a>\n\nint a::run(int x) {\n    auto l = [&] {\n        return 1;\n    };\n    return l();\n}\n\nvoid g() {}\n'
    assert list(source.functions(text)) == [(3, 8, 'a::run'), (10, 10, 'g')], list(source.functions(text))


@case
def parts_of_caf_that_we_do_not_use_are_found():
    for text in ('self->receive([](int) {});', 'caf::io::middleman m;', 'system.groups().get("a", "b");', 'caf::stream<int> s;',
                 'self->spawn_in_group(g, f);', 'auto t = caf::make_timestamp();', 'system().clock().now();'):
        breaks(determinism.calls, 'actors/x/a_actor.cpp', text)
    holds(determinism.calls, 'actors/x/a_actor.cpp', 'auto now = node.clock->now(); void receive(int); on_receive(x);')


@case
def containers_ordered_by_address_are_found():
    for text in ('std::map<node*, int> m;', 'std::set<const a::b *> s;', 'std::set<std::shared_ptr<a>> s;',
                 'std::map<caf::actor, int> m;', 'print("at %p", p);'):
        breaks(determinism.hashed, 'sim/x/a.cpp', '\n' + text, 2)
        holds(determinism.hashed, 'cmd/x/a.cpp', text)
    for text in ('auto n = reinterpret_cast<std::uintptr_t>(p);', 'std::less<a*> l;', 'a.owner_before(b);'):
        breaks(determinism.calls, 'sim/x/a.cpp', text)
    for text in ('std::map<int, node*> m;', 'std::set<std::string> s;', 'my_set<a*> s;', 'print("50 %profit");', 'print("%d");'):
        holds(determinism.hashed, 'sim/x/a.cpp', text)


@case
def broker_does_not_ask_whether_it_is_simulated():
    for text in ('if (options.simulated) f();', 'bool in_sim;', 'f("is simulated");'):
        breaks(determinism.simulated, 'actors/x/a.cpp', text)
        holds(determinism.simulated, 'sim/x/a.cpp', text)
    holds(determinism.simulated, 'actors/x/a.cpp', '// the simulator sees this\nint simple;')


@case
def variables_that_outlive_calls_are_found():
    for text in ('void f() {\n    static int n = 0;\n}', 'namespace n {\nint counter = 0;\n}', 'static std::map<int, f(int)> m;',
                 'class c {\n    static int count_;\n};', 'const char* name = "a";', 'inline std::vector<int> list{1, 2};',
                 'namespace {\nhandler current;\n}', 'void f() {\n    static const char* last = nullptr;\n}'):
        breaks(determinism.statics, 'actors/x/a.cpp', text)
        holds(determinism.statics, 'runtime/x/a.cpp', text)
    for text in ('static int f(int x);', 'static constexpr int n = 1;', 'const std::map<int, int> m{{1, 2}};', 'class c {\n    int n_ = 0;\n};',
                 'const char* const names[] = {"a"};', 'void f() {\n    int n = 0;\n    static const auto t = g();\n}', 'extern int x;',
                 'static_assert(sizeof(int) == 4);', 'using a = b;', 'enum class e { a, b };', 'bool operator==(a x, b y) = default;',
                 'struct s {\n    int x = 0;\n    std::vector<int> y;\n};', 'template <class T>\nconstexpr T zero = T{};',
                 'inline constexpr const char* name = "a";', 'class c;\nstruct d final : c {};', 'constexpr row rows[] = {{1, f(2)}};'):
        holds(determinism.statics, 'actors/x/a.cpp', text)


@case
def what_enters_itself_into_a_table_is_found():
    breaks(determinism.statics, 'sim/x/a.cpp', 'REGISTER_WORKLOAD(a);')
    breaks(determinism.statics, 'sim/x/a.cpp', 'const registrar entry{"a"};')
    holds(determinism.statics, 'sim/x/a.cpp', 'void register_all(table& to);')


@case
def long_parameter_lists_are_found():
    for head in ('void f(int a, int b, int c, int d, int e, int g) {', 'x::x(int a, int b, map<int, int> c, int d, int e, int g) : y(1) {',
                 'void operator()(int a, int b, int c, int d, int e, int g) const {'):
        breaks(sizes.parameters, 'sim/x/a.cpp', head + '\n}\n', 1)
    for head in ('void f(int a, map<int, int> b, function<void(int, int)> c, int d = g(1, 2), s e = {1, 2}) {', 'void f() {',
                 'x::x(int a) : b(1, 2, 3, 4, 5, 6) {', 'bool operator()(int a, int b) const {', 'f<a, b, c, d, e, g> h(int x) {'):
        holds(sizes.parameters, 'sim/x/a.cpp', head + '\n}\n')


@case
def deep_branches_are_found():
    for inside in ('if (a) { for (;;) { while (b) { if (c) d(); } } }', 'if (a) for (b : c) switch (d) { case 1: if (e) f(); }',
                   'f([&](int x) { if (a) for (;;) do if (b) { c(); } while (d); });', 'if (a) {} else for (;;) while (b) { if (c) d(); }'):
        breaks(sizes.nesting, 'sim/x/a.cpp', 'void f() {\n' + inside + '\n}\n', 1)
    for inside in ('if (a) b(); else if (c) d(); else if (e) f(); else if (g) for (;;) if (h) i();', 'if (a) for (;;) { if (b) c({1, {2, 3}}); }',
                   'for (;;) for (;;) f([&] { if (a) if (b) return c[1]; });', 'auto x = std::vector<int>{1, 2}; [[maybe_unused]] s y{{1}};',
                   'if constexpr (a) { if (b) { return; } } else { { { { c(); } } } }'):
        holds(sizes.nesting, 'sim/x/a.cpp', 'void f() {\n' + inside + '\n}\n')


@case
def long_headers_are_found():
    breaks(sizes.length, 'sim/x/a.hpp', '\n' * 251)
    holds(sizes.length, 'sim/x/a.hpp', '\n' * 250)


LIBRARY = """%s_lib = static_library('barnabas_%s', 'a.cpp', dependencies: [%s])
%s_dep = declare_dependency(link_with: %s_lib, dependencies: model_dep)
"""


def library(name, dependencies):
    return LIBRARY % (name, name, dependencies, name, name)


@case
def libraries_link_only_downwards():
    model, clock = library('model', ''), library('clock', 'model_dep')
    assert problems(structure.links, {'protocol/model/meson.build': library('model', 'clock_dep'), 'runtime/clock/meson.build': clock})
    assert problems(structure.links, {'runtime/clock/meson.build': library('clock', 'caf_dep')})
    assert not problems(structure.links, {'protocol/model/meson.build': model, 'runtime/clock/meson.build': clock,
                                          'sim/meson.build': library('sim', 'clock_dep, caf_dep')})
    assert not problems(structure.links, {'runtime/clock/meson.build': library('clock', 'boost_dep.partial_dependency(includes: true)')})


@case
def roles_link_only_what_their_row_names():
    row = 'model_dep, batch_dep, replica_dep, caf_headers_dep'
    assert problems(structure.links, {'actors/partition/meson.build': library('partition', row + ', kafka_dep')})
    assert problems(structure.links, {'actors/partition/meson.build': library('partition', row + ', caf_dep')})
    assert problems(structure.links, {'actors/partition/meson.build': library('partition', 'model_dep')}), 'an unneeded name stays'
    assert not problems(structure.links, {'actors/partition/meson.build': library('partition', row)})


@case
def tables_and_files_agree():
    a = 'checker make_a() {}'
    listing = 'void add() {\n    make_a(1); // make_c()\n}\n'
    tables = {'tests/lint/tables.txt': '[checkers]\nfiles: sim/checkers/*.cpp\ntable: sim/checkers/checkers.cpp\n'
                                       'row: \\bmake_(\\w+)\\(\nsays: checker\\s+make_\n',
              'sim/checkers/checkers.cpp': listing, 'sim/checkers/history.cpp': 'int f();', 'sim/checkers/a.cpp': a}
    assert not problems(structure.tables, tables)
    assert problems(structure.tables, {**tables, 'sim/checkers/b.cpp': a}) == [('sim/checkers/b.cpp', 0)]
    assert problems(structure.tables, {**tables, 'sim/checkers/checkers.cpp': listing + 'make_b();'}) == [('sim/checkers/checkers.cpp', 0)]
    assert problems(structure.tables, {**tables, 'sim/checkers/checkers.cpp': listing + 'make_a();'}) == [('sim/checkers/checkers.cpp', 0)]
    del tables['sim/checkers/checkers.cpp']
    assert problems(structure.tables, tables)


@case
def sources_include_their_header_first():
    header = {'sim/x/a.hpp': '#pragma once\n'}
    assert problems(structure.first_includes, {**header, 'sim/x/a.cpp': '#include <map>\n#include "sim/x/a.hpp"\n'})
    assert not problems(structure.first_includes, {**header, 'sim/x/a.cpp': '#include "sim/x/a.hpp"\n#include <map>\n'})
    assert not problems(structure.first_includes, {'sim/x/b.cpp': '#include <map>\n'})


@case
def long_files_are_found():
    breaks(sizes.length, 'sim/x/a.cpp', '\n' * 501)
    holds(sizes.length, 'sim/x/a.cpp', '\n' * 500)


@case
def headers_begin_with_pragma_once():
    breaks(rules.headers, 'sim/x/a.hpp', 'int f();\n')
    breaks(rules.headers, 'sim/x/a.hpp', '#pragma once\nusing namespace std;\n')
    holds(rules.headers, 'sim/x/a.hpp', '/// What it is.\n#pragma once\nint f();\n')


@case
def forgotten_sources_are_found():
    assert problems(rules.listed, {'sim/x/a.cpp': '', 'sim/x/meson.build': "files('b.cpp')"}) == [('sim/x/a.cpp', 0)]
    assert not problems(rules.listed, {'sim/x/a.cpp': '', 'sim/x/meson.build': "files('a.cpp')"})
    assert not problems(rules.listed, {'sim/x/a.cpp': '', 'sim/meson.build': "files('x/a.cpp')"})


@case
def folders_need_a_readme():
    assert ('sim/x', 0) in problems(rules.readmes, {'sim/x/a.cpp': '', 'sim/README.md': ''})
    assert ('sim/x', 0) not in problems(rules.readmes, {'sim/x/a.cpp': '', 'sim/x/README.md': ''})


@case
def strangers_at_the_top_are_found():
    assert problems(rules.top_level, {'utils/a.cpp': ''}) == [('utils', 0)]
    assert not problems(rules.top_level, {'docs/a.md': ''})


@case
def unfinished_business_and_paths_of_machines_are_found():
    breaks(rules.words, 'docs/a.md', 'a\n' + 'TO' + 'DO: more\n', 2)
    breaks(rules.words, 'sim/x/a.cpp', '// see /ho' + 'me/somebody/notes\n')
    holds(rules.words, 'docs/a.md', 'mastodon, https://example.org/ho' + 'me/x, a/wo' + 'rk/b\n')


@case
def exceptions_cover_and_must_be_needed():
    found = [('sim/x/a.cpp', 3, 'f has 70 lines, at most 50 are allowed')]
    left = lambda allowed, problem=found: list(lint.after_exceptions('length', problem, allowed))  # noqa: E731
    key = ('length', 'sim/x/a.cpp')
    assert left({}) == found
    assert left({key: 70}) == []
    assert len(left({key: 60})) == 1
    assert left({key: 6}, [('sim/x/a.cpp', 3, 'f has 6 parameters, at most 5 are allowed')]) == []
    assert left({key: 4}, [('sim/x/a.cpp', 3, 'f has 5 levels of branches, at most 3 are allowed')])
    assert 'shrink' in left({key: 80})[0][2]
    assert 'remove' in left({key: 70}, [])[0][2]
    assert lint.read_exceptions('# a\nlength x 3\ncalls y # why\n') == {('length', 'x'): 3, ('calls', 'y'): None}


@case
def unformatted_code_is_found():
    if lint.shutil.which('clang-format') is not None:
        breaks(rules.format, 'sim/x/a.cpp', 'int  f( ) ;\n', 1)
        holds(rules.format, 'sim/x/a.cpp', 'int f();\n')


@case
def marks_with_bad_names_or_places_are_found():
    mark = 'void f() {\n    if (BARNABAS_MARK_IF(g(a, b), odd_%s))\n        BARNABAS_MARK(even);\n}\n'
    assert not problems(structure.marks, {'sim/x/a.cpp': mark % 'one', 'sim/x/b.cpp': 'void g() {\n    BARNABAS_MARK(other);\n}'})
    assert problems(structure.marks, {'sim/x/a.cpp': mark % 'one', 'sim/x/b.cpp': 'void g() {\n    BARNABAS_MARK(even);\n}'})
    breaks(structure.marks, 'sim/x/a.cpp', mark % 'Name', 2)
    breaks(structure.marks, 'sim/x/a.hpp', mark % 'one', 2)
    breaks(structure.marks, 'sim/x/a.cpp', 'template <class T>\n' + mark % 'one')
    breaks(structure.marks, 'sim/x/a.cpp', 'inline ' + mark % 'one')


def write(root, files):
    for path, text in files.items():
        os.makedirs(os.path.join(root, os.path.dirname(path)), exist_ok=True)
        with open(os.path.join(root, path), 'w', encoding='utf-8') as file:
            file.write(text)


@case
def headers_that_do_not_stand_alone_are_found():
    with tempfile.TemporaryDirectory() as build:
        write(build, {'x/alone.hpp': '#pragma once\nint f();\n', 'x/needs.hpp': '#pragma once\nunknown_thing f();\n',
                      'x/own.hpp': '#pragma once\nunknown_thing f();\n'})
        known = {'x/own.cpp': (['c++', '-I.'], None), 'x/pch.cpp': (['c++', '-I.'], 'pch.hpp')}
        check = lambda *headers, late=60: list(headers_alone.check(build, headers, known, time.monotonic() + late))  # noqa: E731
        found = check('x/alone.hpp', 'x/needs.hpp', 'x/own.hpp')
        assert [header for header, _ in found] == ['x/needs.hpp', None], found
        assert 'unknown_thing' in found[0][1] and found[-1][1] == (3, 2, 0), found
        assert check('x/alone.hpp')[-1][1] == (1, 0, 0), 'what compiled is remembered'
        write(build, {'x/alone.hpp': '#pragma once\nint g();\n'})
        assert check('x/alone.hpp', late=0)[-1][1] == (1, 0, 1), 'a changed header is compiled again, if there is time'
        assert not headers_alone.proven('x/pch.hpp', known), 'what a precompiled header brings proves nothing'
    flags, precompiled = headers_alone.flags_of('ccache c++ -Ia -include p.hpp -MD -MF x.d -o x.o -c ../a/x.cpp')
    assert (flags, precompiled) == (['c++', '-Ia'], 'p.hpp'), flags


@case
def objects_that_ask_the_machine_are_found():
    with tempfile.TemporaryDirectory() as build:
        write(build, {'a.cpp': '#include <chrono>\n#include <cstdlib>\nconst char* f() { return std::getenv("A"); }\n'
                               'auto g() { return std::chrono::steady_clock::now(); }\n',
                      'b.cpp': 'namespace c { int getenv(int); int time(int); }\nint f(int x) { return c::getenv(x) + c::time(x); }\n'})
        for name in ('a', 'b'):
            subprocess.run(['c++', '-std=c++20', '-c', f'{name}.cpp', '-o', f'{name}.o'], cwd=build, check=True)
        tables = symbols.tables_of(build, ['a.o', 'b.o'])
    clock = 'std::chrono::_V2::steady_clock::now()'
    assert list(symbols.forbidden(tables, [])) == ['a.o needs getenv', f'a.o needs {clock}'], list(symbols.forbidden(tables, []))
    allowed = list(symbols.read_allowed(f'# why\na.o getenv # why\n*.o {clock} # why\n'))
    assert list(symbols.forbidden(tables, allowed)) == []
    assert 'remove' in list(symbols.forbidden(tables, [*allowed, ('b.o', 'getenv', 'why')]))[0]
    for symbol in ('pthread_create', 'std::random_device::_M_getval()', 'std::thread::_M_start_thread(x)', 'clock_gettime@GLIBC_2.17',
                   'std::condition_variable::wait()', 'rand', 'socket', 'caf::scoped_actor::scoped_actor(caf::actor_system&)'):
        assert list(symbols.forbidden({'a.o': (set(), {symbol})}, [])), symbol
    for symbol in ('barnabas::time(int)', 'strtoul', 'timestamp', 'std::terminate()', 'barnabas::open', 'caf::actor_system::system()'):
        assert not list(symbols.forbidden({'a.o': (set(), {symbol})}, [])), symbol


@case
def messages_that_need_each_other_are_found():
    folder = 'protocol/kafka/lib.a.p/meson-generated_.._'
    tables = {folder + 'a.cpp.o': ({'barnabas::kafka::a::decode()'}, {'barnabas::kafka::b::decode()', 'malloc'}),
              folder + 'b.cpp.o': ({'barnabas::kafka::b::decode()'}, {'barnabas::kafka::wire_reader::int8()'}),
              folder + 'message_table.cpp.o': (set(), {'barnabas::kafka::a::decode()'})}
    found = list(symbols.messages_that_need_others(tables))
    assert len(found) == 1 and 'b::decode' in found[0], found
    assert 'no generated message' in list(symbols.messages_that_need_others({}))[0]


@case
def names_of_libraries_that_are_not_linked_are_found():
    files = {'sim/meson.build': "b_lib = static_library('b', 'b.cpp', dependencies: model_dep)\n",
             'protocol/meson.build': "model_lib = static_library('model', 'm.cpp')\nmodel_dep = declare_dependency(link_with: model_lib)\n"
                                     "other_lib = static_library('other', 'o.cpp')\n"}
    with tempfile.TemporaryDirectory() as root:
        write(root, files)
        libraries = symbols.Libraries(tree.Tree(root, files))
    tables = {'protocol/libmodel.a.p/m.cpp.o': ({'barnabas::f()'}, set()), 'protocol/libother.a.p/o.cpp.o': ({'barnabas::g()'}, set()),
              'sim/libb.a.p/b.cpp.o': (set(), {'barnabas::f()', 'malloc'})}
    assert list(libraries.missing(tables)) == []
    tables['sim/libb.a.p/b.cpp.o'][1].add('barnabas::g()')
    assert len(list(libraries.missing(tables))) == 1


def main():
    good = True
    for function in CASES:
        try:
            function()
            print(f'PASS lint_selftest.{function.__name__}')
        except AssertionError as why:
            print(f'FAIL lint_selftest.{function.__name__}: {why}')
            good = False
    return 0 if good else 1


if __name__ == '__main__':
    sys.exit(main())
