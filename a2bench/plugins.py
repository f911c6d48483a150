"""The one door to metrics, methods and runners: by name, nothing imported until asked.

The file name is the name: `metrics/psnr.py` is metric `psnr`. Third parties add theirs by entry
point in the groups `a2bench.metrics`, `a2bench.baselines`, `a2bench.runners`: for a metric or a
runner the module that has `METRIC` or `RUNNER`, for a baseline the package that has its card.
For one-off trials `$A2BENCH_PLUGINS` names a folder with `metrics/`, `baselines/`, `runners/`
(several are separated as in `$PATH`); models that `a2bench train` made lie in such a folder.
"""

import ast
import importlib
import importlib.util
import sys
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Literal

from a2bench.errors import A2BenchError, unknown_name, wrong_fields
from a2bench.paths import plugin_folders

if TYPE_CHECKING:  # `a2bench ls` must not import numpy
    from a2bench.method import Method
    from a2bench.metric import Metric
    from a2bench.records import MethodCard
    from a2bench.runner import Runner
    from a2bench.training.trainer import MethodTrainer

Kind = Literal["metrics", "baselines", "runners"]
_PACKAGE = "__init__.py"
_SUFFIX: dict[Kind, str] = {"metrics": ".py", "baselines": ".yaml", "runners": ".py"}

CEILING = "ceiling_map_of_"
"""Before a method's name: the truth sent through that method's frame size, rate and fit."""

_TRUTH = "oracle"
"""The method whose code makes every ceiling: it answers with the truth on the grid of its card."""


def _built_in_folder(kind: Kind) -> Path:
    spec = importlib.util.find_spec(f"a2bench.{kind}")
    if spec is None or not spec.submodule_search_locations:
        raise A2BenchError(
            f"a2bench.{kind} is not installed.\n"
            "hint: in a checkout, run `pip install -e .` (the plug-in folders are mapped by it)"
        )
    return Path(spec.submodule_search_locations[0])


def files(kind: Kind) -> dict[str, Path]:
    """Return name -> file of the plug-ins that are files, sorted by name.

    Raises:
        A2BenchError: two files of one name.
    """
    folders = [_built_in_folder(kind)]
    for extra in plugin_folders():
        if not any((extra / name).is_dir() for name in _SUFFIX):
            raise A2BenchError(
                f"A2BENCH_PLUGINS={extra}: expected a folder with metrics/, baselines/ or runners/."
            )
        folders.append(extra / kind)
    found: dict[str, Path] = {}
    for folder in folders:
        for path in sorted(folder.glob(f"*{_SUFFIX[kind]}")):
            if path.stem.startswith("_"):
                continue
            if path.stem in found:
                raise A2BenchError(
                    f"two {kind} are called {path.stem!r}: {found[path.stem]} and {path}.\n"
                    "hint: rename one; the file name is the name"
                )
            found[path.stem] = path
    return dict(sorted(found.items()))


def _entry_points(kind: Kind) -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=f"a2bench.{kind}")}


def names(kind: Kind) -> list[str]:
    """Return every known name of a kind, sorted; imports nothing."""
    in_files, points = files(kind), _entry_points(kind)
    if clash := sorted(in_files.keys() & points.keys()):
        raise A2BenchError(
            f"entry point {clash[0]!r} in group a2bench.{kind} has the name of a file: "
            f"{in_files[clash[0]]}.\nhint: uninstall or rename the package that declares it"
        )
    return sorted(in_files.keys() | points.keys())


def _load_file(kind: Kind, name: str, path: Path) -> ModuleType:
    try:
        return _imported(kind, name, path)
    except (SyntaxError, ImportError) as error:
        line = f":{error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        raise A2BenchError(
            f"{path}{line}: this plug-in cannot be imported: {error}.\n"
            "hint: mend it, install what it needs, or move it away"
        ) from error


def _imported(kind: Kind, name: str, path: Path) -> ModuleType:
    folder = path.parent.parent if path.name == _PACKAGE else path.parent
    if folder == _built_in_folder(kind):
        return importlib.import_module(f"a2bench.{kind}.{name}")
    full_name = f"a2bench_plugins.{kind}.{name}"
    if full_name in sys.modules:
        return sys.modules[full_name]
    inside = [str(path.parent)] if path.name == _PACKAGE else None
    spec = importlib.util.spec_from_file_location(
        full_name, path, submodule_search_locations=inside
    )
    if spec is None or spec.loader is None:
        raise A2BenchError(f"{path} cannot be loaded as a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[full_name] = module
    whole = False
    try:
        spec.loader.exec_module(module)
        whole = True
    finally:
        if not whole:
            del sys.modules[full_name]  # a half-made module is never found again
    return module


def _module(kind: Kind, name: str, what: str) -> ModuleType:
    if name not in names(kind):
        raise unknown_name(what, name, names(kind), hint=f"`a2bench ls {_LS[kind]}` lists them")
    if name in (in_files := files(kind)):
        return _load_file(kind, name, in_files[name])
    loaded = _entry_points(kind)[name].load()
    if not isinstance(loaded, ModuleType):
        raise A2BenchError(f"entry point {name!r} in a2bench.{kind} must name a module: {loaded!r}")
    return loaded


_LS: dict[Kind, str] = {"metrics": "metrics", "baselines": "methods", "runners": "runners"}


@cache
def metric(name: str) -> "Metric":
    """Return the metric of that name.

    Raises:
        A2BenchError: no such metric (the nearest name is in the text), or no `METRIC` in its file.
    """
    from a2bench.metric import Metric

    found = getattr(_module("metrics", name, "metric"), "METRIC", None)
    if not isinstance(found, Metric):
        raise A2BenchError(f"metric {name!r}: expected METRIC = Metric(...), got {found!r}")
    return found


def metric_names(suite: str | None = None) -> list[str]:
    """Return the metrics of a suite (all: None), sorted by name."""
    every = names("metrics")
    return every if suite is None else [name for name in every if suite in metric(name).suites]


@cache
def runner(name: str) -> "Runner":
    """Return the runner back end of that name.

    Raises:
        A2BenchError: no such runner, or no `RUNNER` in its file.
    """
    from a2bench.runner import Runner

    found = getattr(_module("runners", name, "runner"), "RUNNER", None)
    if not isinstance(found, Runner):
        raise A2BenchError(f"runner {name!r}: expected RUNNER with run(...), got {found!r}")
    return found


def is_method(name: str) -> bool:
    """Whether there is such a method, or it is the ceiling of one."""
    return name.removeprefix(CEILING) in names("baselines")


def card_path(name: str) -> Path:
    """Return the file of a method's card; a ceiling's is the card of its method.

    Raises:
        A2BenchError: no such method.
    """
    name = name.removeprefix(CEILING)
    if name not in names("baselines"):
        raise unknown_name(
            "method", name, names("baselines"), hint="`a2bench ls methods` lists them"
        )
    if name in (in_files := files("baselines")):
        return in_files[name]
    package = _entry_points("baselines")[name].load()
    return Path(package.__file__).with_name(f"{name}.yaml")


@cache
def card(name: str) -> "MethodCard":
    """Return a method's card; that of a ceiling is made from its method's.

    Raises:
        A2BenchError: no such method, or a card that does not validate (each field is named).
    """
    import yaml
    from pydantic import ValidationError

    from a2bench.records import MethodCard, ceiling_card

    if name.startswith(CEILING):
        return ceiling_card(card(name.removeprefix(CEILING)), name=name, truth=card(_TRUTH))
    path = card_path(name)
    try:
        found = MethodCard.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        raise A2BenchError(
            f"method card {path}:\n{wrong_fields(error)}\n"
            "hint: CONTRIBUTING.md has a whole card to copy"
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise A2BenchError(f"method card {path}: not YAML: {error}") from error
    if found.name != name:
        raise A2BenchError(f"method card {path}: `name` is {found.name!r}, the file says {name!r}")
    return found


def _code_of(name: str) -> str:
    """Return the method whose code answers for this one."""
    return _TRUTH if name.startswith(CEILING) else name


def weights_folder(found: "MethodCard") -> Path | None:
    """Return where a card's own weights lie (`weights_folder`), or None where it names none."""
    if found.weights_folder is None:
        return None
    from a2bench import weights

    named = found.weights_folder.replace("{weights}", str(weights.folder()))
    return card_path(found.name).parent / Path(named).expanduser()


def method_code(name: str) -> Path:
    """Return the Python file of an in-process method: beside its card, or a package's first."""
    card_file = card_path(_code_of(name))
    package = card_file.with_suffix("") / _PACKAGE
    return package if package.exists() else card_file.with_suffix(".py")


def check_method_class(found: "MethodCard") -> None:
    """Look for an in-process method's class without importing anything.

    Raises:
        A2BenchError: no such file or class, or a file that is not Python.
    """
    path = method_code(found.name)
    if not path.exists():
        raise A2BenchError(
            f"method {found.name!r}: its card names {found.entry}, no file {path}.\n"
            "hint: the class lies beside the card, in a file or package of the same name"
        )
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except SyntaxError as error:
        raise A2BenchError(
            f"{path}:{error.lineno}: this plug-in cannot be imported: {error.msg}.\nhint: mend it"
        ) from error
    defined: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            defined.add(node.name)
        elif isinstance(node, ast.ImportFrom | ast.Import):
            defined |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.Assign):
            defined |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    if found.entry not in defined and "*" not in defined:
        raise A2BenchError(
            f"method {found.name!r}: {path} has no class {found.entry!r}.\n"
            "hint: `entry` in the card is the name of the class"
        )


def method_class(found: "MethodCard") -> "type[Method]":
    """Return the class of an in-process method, from the Python file beside its card.

    Raises:
        A2BenchError: no such file or class, or not an in-process method.
    """
    path = method_code(found.name)
    if found.entry is None:
        raise A2BenchError(
            f"method {found.name!r} is of kind {found.kind}: it has no class to load"
        )
    if not path.exists():
        raise A2BenchError(f"method {found.name!r}: its card names {found.entry}, no file {path}")
    module = _load_file("baselines", _code_of(found.name), path)
    if not isinstance(cls := getattr(module, found.entry, None), type):
        raise A2BenchError(f"method {found.name!r}: {path} has no class {found.entry!r}")
    return cls


def trainer_class(found: "MethodCard") -> "type[MethodTrainer]":
    """Return the class that trains a method: in module `training` of the method's package.

    Raises:
        A2BenchError: its card names no trainer, or there is no such class.
    """
    path = method_code(found.name)
    if found.trainer is None:
        having = [name for name in names("baselines") if card(name).trainer is not None]
        raise A2BenchError(
            f"method {found.name!r} has no trainer in its card.\n"
            f"hint: these can be trained: {', '.join(having) or 'none'}"
        )
    if path.name != _PACKAGE:
        raise A2BenchError(
            f"method {found.name!r}: its card names trainer {found.trainer}, and {path} is no "
            "package.\nhint: a trainer lies in `<name>/training.py` of a method that is a package"
        )
    package = _load_file("baselines", found.name, path)
    try:
        module = importlib.import_module(f"{package.__name__}.training")
    except ImportError as error:
        raise A2BenchError(
            f"method {found.name!r}: its trainer cannot be imported: {error}.\n"
            "hint: pip install 'a2bench[train]'"
        ) from error
    if not isinstance(cls := getattr(module, found.trainer, None), type):
        raise A2BenchError(f"method {found.name!r}: its training has no class {found.trainer!r}")
    return cls


def method_files(name: str) -> list[Path]:
    """Return the files that decide what a method answers: card, adapter, pose tools it imports.

    Adapters share numerics through `a2bench.pose` and through methods that are packages; what those
    modules import of each other counts too. The rest of the core (command line, tables) does not
    change a prediction, nor does a package's `training`: the weights do, and they have a digest.
    """
    path = card_path(name)
    found = [path]
    waiting = [method_code(name)]
    while waiting:
        module = waiting.pop()
        if module in found or not module.exists():
            continue
        found.append(module)
        if module.name == _PACKAGE:
            waiting += [
                path
                for path in module.parent.rglob("*.py")
                if path.relative_to(module.parent).parts[0] not in ("training", "training.py")
            ]
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.ImportFrom):
                continue
            names = [alias.name for alias in node.names]
            if node.level == 0:
                waiting += _shared_modules(node.module or "", names)
            elif node.level == 1:  # from .animate_x import ...: beside this file
                waiting += _files_of(module.parent.joinpath(*(node.module or "").split(".")), names)
    return [path, *sorted(found[1:])]


def _shared_modules(module: str, names: list[str]) -> list[Path]:
    """Return the files that `from module import names` may mean, of those that methods share."""
    for top, folder in (
        ("a2bench.pose", Path(__file__).parent / "pose"),
        ("a2bench.baselines", _built_in_folder("baselines")),
    ):
        if module == top or module.startswith(f"{top}."):
            return _files_of(folder.joinpath(*module.removeprefix(top).split(".")[1:]), names)
    return []


def _files_of(base: Path, names: list[str]) -> list[Path]:
    """Return the files of a module or package and of what may be modules in it."""
    return [base.with_suffix(".py"), base / _PACKAGE, *(base / f"{name}.py" for name in names)]
