"""Names of common functions and methods that only look. Any other changes what it is called on, and given."""

from __future__ import annotations

import ast


def words(text: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(text.split())


DISPLAYS = (ast.List, ast.Dict, ast.Set, ast.Tuple, ast.ListComp, ast.DictComp, ast.SetComp, ast.Constant)
DEFINITIONS = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
PROPERTIES = words("property cached_property setter")
BUILT_IN_TYPES = words("bytearray dict frozenset list set tuple type")
REMEMBERING = words("cache cached lru_cache memoize ttl_cache")  # decorators
CONSTRUCTING = words("__init__ __new__ __post_init__ __init_subclass__ __call__ __set_name__")
IN_PLACE = words("inplace out copy_to file fp stream")  # options that say what to change, or where to write

# Functions whose value can have nothing in it that can be changed.
FRESH = words("""
    Decimal Fraction Path PurePath UUID abs all any ascii bin bool bytes chr compile complex date datetime divmod float
    format frozenset getenv hasattr hash hex id input int isinstance issubclass len oct ord pow print range repr round
    str sum time timedelta
""")
# Methods whose value has nothing of their object in it, or nothing that can be changed.
FRESH_METHODS = words("""
    capitalize casefold count decode deepcopy digest dumps encode endswith format hexdigest index isalpha isdigit
    isoformat join lower lstrip model_dump model_dump_json partition read_bytes read_text rfind rsplit rstrip split
    splitlines startswith strftime strip title total_seconds upper zfill
""")
# Those that only look at a text or a list, but may change an object of another class, as the ``join`` of a thread does.
AMBIGUOUS = words("encode format index join partition")
# Methods that change their object, also where their value is used or an option has a name that looks harmless.
CHANGING = words("""
    append appendleft add add_all clear close commit create_all delete difference_update discard drop_all execute
    executemany executescript extend extendleft fetchall fetchmany fetchone flush get_nowait insert
    intersection_update move_to_end pop popitem popleft put put_nowait read readline readlines register remove reverse
    rollback rotate seek send set setdefault sort subtract symmetric_difference_update throw truncate update write
    writelines __setitem__ __delitem__ __setattr__ __next__ __iadd__
""")
CHANGING_FUNCTIONS = words("""
    SubElement anext delattr dump heapify heappop heappush heappushpop heapreplace insort insort_left insort_right next
    setattr shuffle
""")
# Functions and methods that draw random numbers, and so move a generator on.
DRAWING = words("""
    betavariate choice choices expovariate gauss getrandbits integers lognormal lognormvariate normal normalvariate
    permutation permuted poisson randbytes randint random randrange sample standard_normal triangular uniform
""")
# Functions and methods that only show something, or look at it.
LOOKING = words("""
    assert_called breakpoint copy count critical debug describe dir display error exception exists explain get head help
    hist info input isinstance items keys len log model_dump model_dump_json plot pprint print print_json rich savefig
    show tail to_csv to_dict to_excel to_json to_markdown to_parquet values vars warn warning
""")
LOOKING_METHODS = LOOKING | FRESH_METHODS
LOOKS = (
    LOOKING_METHODS
    | FRESH
    | words("""
    allclose array asarray concat concatenate corrcoef crosstab cut dot exp isclose isna log10 mean median merge notna
    percentile pivot_table qcut quantile sleep sqrt std to_datetime unique var where
""")
)
# Decorators that make something of a function or class, and leave what they are given as it is.
WRAPPING = (
    PROPERTIES
    | REMEMBERING
    | words("""
    contextmanager dataclass deprecated overload override retry timeout total_ordering validate_call wraps
""")
)
# Modules whose functions leave their arguments as they are.
MODULES = words("""
    IPython altair asyncio base64 binascii bokeh builtins difflib hashlib hmac html httpx httpx2 json logging matplotlib
    os pathlib plotly pprint re requests rich
    seaborn shutil subprocess sys tabulate textwrap time timeit traceback unicodedata urllib uuid warnings yaml zlib
""")
# Functions of a module that set it up, for all code in the process.
SETTING_UP = words("""
    addHandler addLevelName append apply autolog basicConfig captureWarnings configure dictConfig disable enable environ
    extend filterwarnings getcontext init initialize insert install load_dotenv manual_seed monkey_patch patch putenv
    register resetwarnings seed setLevel set_defaults set_option set_printoptions set_style set_theme setcontext
    setdefault setdefaulttimeout setlocale setrecursionlimit simplefilter tzset umask update use
    use_deterministic_algorithms
""")
# Functions that read what they are given to its end, and so use up an iterator.
CONSUMING = words("""
    Counter all any deque dict enumerate extend filter frozenset fromkeys join list map max min reduce set sorted sum
    tuple update writelines zip
""")
# Calls whose value is not an iterator, and has at most the things in it that were given.
CONTAINERS = (
    BUILT_IN_TYPES
    | FRESH_METHODS
    | words("""
    Counter DataFrame DiGraph Graph OrderedDict Path Series arange array asarray connect copy deepcopy defaultdict deque
    full linspace load loads object ones sorted zeros
""")
)


def name_of(node: ast.AST) -> str:
    """Return what is called, or decorates: ``cache`` of ``functools.cache(size=1)``."""
    while isinstance(node, ast.Call):
        node = node.func
    return str(getattr(node, "attr", getattr(node, "id", "")))


def gives_iterator(node: ast.AST | None) -> bool:
    """Return whether reading a value may use it up: it is an iterator, or comes from an unknown call."""
    if isinstance(node, ast.IfExp):
        return gives_iterator(node.body) or gives_iterator(node.orelse)
    name = name_of(node) if isinstance(node, ast.Call) else "list"
    return isinstance(node, ast.GeneratorExp) or not (name in CONTAINERS or name.startswith("read_"))
