"""What is known of common functions and methods by name: which change something, which do not."""

from __future__ import annotations

import ast
import re


def words(text: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(text.split())


FRESH = words("""
    abs all any ascii bin bool bytes callable chr complex divmod float format frozenset hasattr hash hex id input int
    isinstance issubclass len oct open ord pow print range repr round  str sum
""")
"""Built-in functions whose value holds none of their arguments."""

CONSTANT = (FRESH - words("callable open type")) | words("""
    Decimal Fraction Path PurePath UUID compile date datetime getenv time timedelta
""")
"""Functions whose value cannot be changed."""

FRESH_METHODS = words("""
    capitalize casefold count decode deepcopy encode endswith format index isdigit isalpha join lower
    lstrip model_dump model_dump_json partition rfind rsplit rstrip split splitlines startswith
    strip title upper zfill dumps hexdigest digest isoformat strftime total_seconds read_text read_bytes
""")
"""Methods whose value holds nothing of their object, or nothing that could be changed."""

AMBIGUOUS_METHODS = words("encode format index join partition")
"""Methods that only look at a text or list, but may change an object of another class: a thread's ``join``."""

CHANGING_METHODS = words("""
    append appendleft add add_all clear close commit create_all delete difference_update discard drop_all execute
    executemany executescript extend extendleft fetchall fetchmany fetchone flush get_nowait insert
    intersection_update move_to_end pop popitem popleft put put_nowait read readline readlines register remove
    reverse rollback rotate seek send set setdefault sort subtract symmetric_difference_update throw truncate update
    write writelines __setitem__ __delitem__ __setattr__ __next__ __iadd__
""")
"""Methods that change their object, also where their value is used."""

FILE_FUNCTIONS = words("close fsync read remove removedirs rename replace rmdir truncate unlink write")
"""Functions of modules that work on files, called as the methods are that change their object."""

BUILT_IN_TYPES = words("bytearray dict frozenset list set tuple type")
"""Built-in classes: what stands in brackets behind them is a type too, and their methods may be called unbound."""

CHANGES = re.compile(
    r"(add|append|attach|create|delete|feed|fit|ingest|insert|load|mount|partial_fit|push|put|register|remove|set"
    r"|subscribe|train|upsert)(?!_(axis|index|prefix|suffix)$)(_\w+)?"
)
"""How methods are called that change an object from outside also where their value is used, as ``clf.fit(x, y)``."""

REMEMBERING = words("cache cached lru_cache memoize ttl_cache")
"""Decorators that have a function give back again what it gave back before."""

DRAWING_METHODS = words("""
    betavariate choice choices expovariate gauss getrandbits integers lognormal lognormvariate normal normalvariate
    permutation permuted poisson randbytes randint random randrange sample shuffle standard_normal triangular uniform
""")
"""Methods that change a generator of random numbers, also where their value is used."""

CHANGING_FUNCTIONS = words("""
    SubElement anext delattr heapify heappop heappush heappushpop heapreplace insort insort_left insort_right next
    setattr shuffle
""")
"""Functions that change an argument, also where their value is used."""

WRITTEN_TO = words("file fp stream out")
"""Keywords under which a call is given what it writes to."""

LOOKING = words("""
    assert_called breakpoint debug dir display dump help info input isinstance len log pprint print print_json rich
    show sleep vars
""")
"""Functions that only look at their arguments, so that a call whose value is dropped changes none."""

LOOKING_METHODS = words("""
    copy count critical debug describe dump error exception exists explain get head hist info items keys log
    model_dump
    model_dump_json plot pprint print savefig show tail to_csv to_dict to_excel to_json to_markdown to_parquet
    values warning warn
""")
"""Methods that only look at their object."""

LOOKING_MODULES = words("""
    IPython altair asyncio bokeh builtins httpx httpx2 json logging matplotlib os pathlib plotly pprint requests rich
    seaborn shutil subprocess sys tabulate textwrap time timeit traceback urllib warnings yaml
""")
"""Modules whose functions leave their arguments as they are."""

SETTING_UP = words("""
    addHandler addLevelName apply autolog basicConfig captureWarnings configure dictConfig disable enable environ
    filterwarnings getcontext init initialize install load_dotenv monkey_patch patch putenv register
    resetwarnings seed
    setLevel set_option set_defaults set_theme set_style setcontext setlocale setrecursionlimit set_printoptions
    setdefault setdefaulttimeout simplefilter tzset umask update use use_deterministic_algorithms manual_seed
    append insert extend
""")
"""Functions of a module that set it up, for all who use it in the process."""

ONE_SHOT = words("enumerate filter iter map open reversed zip")
"""Built-in functions whose value is used up by reading it."""

WRAPPING = words("""
    cache cached cached_property contextmanager dataclass deprecated lru_cache overload override retry timeout
    total_ordering validate_call wraps
""")
"""Decorators that make something of a function or class, and leave what they are given as it is."""


PROPERTIES = words("property cached_property setter")
"""Decorators that have a method run when its attribute is read."""

CONSTRUCTING = words("__init__ __new__ __post_init__ __init_subclass__ __call__ __set_name__")
"""Special methods that do not run when an object is read."""

IN_PLACE = words("inplace out copy_to")
"""Keywords that tell a call to change its object, or where to write."""

CONSUMING = words(
    "all any sum min max list tuple set frozenset dict sorted enumerate zip map filter deque Counter reduce"
)
"""Functions that read their argument to its end, or have it read."""

CONTAINERS = BUILT_IN_TYPES | words("""
    Counter DataFrame DiGraph Graph OrderedDict Path Series array arange asarray connect copy deepcopy defaultdict deque
    full linspace load loads object ones sorted zeros
""")
"""Calls whose value is no iterator."""

LOOKING_FUNCTIONS = words("""
    allclose array asarray concat concatenate corrcoef crosstab cut dot dumps exp isclose isna log10 mean median merge
    notna percentile pivot_table qcut quantile sqrt std to_datetime unique var where
""")
"""Functions of modules that only look at their arguments."""

DEFINITIONS = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def writes_a_file(node: ast.AST) -> bool:
    """Return whether a call opens a file to write to it, or makes one."""
    if not isinstance(node, ast.Call):
        return False
    name = getattr(node.func, "attr", getattr(node.func, "id", ""))
    options = [*node.args, *(word.value for word in node.keywords if word.arg == "mode")]
    modes = {part.value for part in options if isinstance(part, ast.Constant) and isinstance(part.value, str)}
    is_to_write = any(re.fullmatch(r"[wax][bt+]*|r[bt]*\+[bt]*", mode) for mode in modes)
    return name in {"write_text", "write_bytes", "mkdir", "makedirs", "touch"} or (name == "open" and is_to_write)
