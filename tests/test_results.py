"""Values to files and to a leaderboard: the scoring rules, each with its arithmetic."""

import math
import random
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from a2bench import plugins
from a2bench.errors import A2BenchError
from a2bench.metric import ClipPair, Metric, Outcome
from a2bench.records import MethodCard, Protocol, Value, ValueStatus
from a2bench.results import (
    Caption,
    CaseCounts,
    Cell,
    Leaderboard,
    Row,
    aggregate,
    count_cases,
    git_state,
    read_values,
    split_digest,
    write_values,
)

DIGEST = "sha256:" + "0" * 64
CAPTION = Caption("toy", "1.0.0", DIGEST, "smoke", "a2bench", "given_pose")


def _never(pair: ClipPair) -> Outcome:
    raise AssertionError("a table computes no metric")


PSNR = Metric(
    version=1,
    summary="Pixel error",
    direction="higher",
    unit="dB",
    value_range=(0.0, math.inf),
    perfect=math.inf,
    clip=_never,
    title="PSNR",
    cap=58.92,
    digits=2,
)
L1 = Metric(
    version=1,
    summary="Absolute error",
    direction="lower",
    unit="1",
    value_range=(0.0, 1.0),
    perfect=0.0,
    clip=_never,
    title="L1",
    digits=4,
)
METRICS = {"psnr": PSNR, "l1": L1}


def card(name: str, **fields: object) -> MethodCard:
    facts = {
        "name": name,
        "title": name.title(),
        "summary": "A method.",
        "kind": "precomputed",
        "inputs_seen": ("pose",),
    }
    return MethodCard.model_validate(facts | fields)


def value(
    method: str,
    case_id: str,
    number: float | None = None,
    status: ValueStatus = "ok",
    *,
    metric: str = "psnr",
    seed: int = 0,
    protocol: Protocol = "self",
    region: str = "motion",
    version: int = 1,
    reason: str = "",
) -> Value:
    return Value.model_validate(
        {
            "protocol": protocol,
            "method": method,
            "seed": seed,
            "case_id": case_id,
            "metric": metric,
            "version": version,
            "value": number,
            "status": status,
            "reason": reason or ("" if number is not None else f"{status} because"),
            "region": region,
            "unit": METRICS[metric].unit,
            "key": DIGEST,
        }
    )


def board(
    values: Sequence[Value],
    methods: Sequence[MethodCard],
    *,
    cases: Sequence[str] = ("a", "b", "c"),
    metrics: Sequence[str] = ("psnr",),
    allow_partial: bool = False,
) -> Leaderboard:
    return aggregate(
        values,
        {"self": cases},
        methods,
        metrics,
        caption=CAPTION,
        allow_partial=allow_partial,
        metric_of=METRICS.__getitem__,
    )


def row(leaderboard: Leaderboard, method: str) -> Row:
    return next(row for row in leaderboard.rows if row.card.name == method)


def cell(leaderboard: Leaderboard, method: str, position: int = 0) -> Cell:
    return row(leaderboard, method).cells[position]


def values_of(method: str, *numbers: float, metric: str = "psnr") -> list[Value]:
    """One value a case: a, b, c, ..."""
    return [value(method, "abcdef"[i], number, metric=metric) for i, number in enumerate(numbers)]


def test_a_mean_is_over_seeds_first_then_over_cases() -> None:
    values = [
        value("m", "a", 10.0, seed=0),
        value("m", "a", 20.0, seed=1),  # a: 15
        value("m", "b", 30.0, seed=0),
        value("m", "b", 40.0, seed=1),  # b: 35
    ]
    found = board(values, [card("m", stochastic=True)], cases=("a", "b"))

    assert cell(found, "m").value == 25.0  # (15 + 35) / 2
    assert found.seeds == (0, 1)


def test_an_unbounded_value_enters_as_the_cap() -> None:
    values = [value("m", "a", math.inf, "identical"), value("m", "b", 80.0), value("m", "c", 20.0)]

    # (58.92 + 58.92 + 20) / 3 = 45.9466...
    assert cell(board(values, [card("m")]), "m").value == pytest.approx(137.84 / 3, abs=1e-12)


def test_the_cap_enters_seed_by_seed() -> None:
    values = [value("m", "a", math.inf, "identical"), value("m", "a", 20.0, seed=1)]
    found = board(values, [card("m", stochastic=True)], cases=("a",))

    assert cell(found, "m").value == pytest.approx((58.92 + 20) / 2, abs=1e-12)


def test_a_cell_is_identical_only_if_every_case_is() -> None:
    same = [value("m", case, math.inf, "identical") for case in "abc"]
    nearly = [*same[:2], value("m", "c", 50.0)]

    assert cell(board(same, [card("m")]), "m").status == "identical"
    assert cell(board(same, [card("m")]), "m").value == pytest.approx(58.92)
    assert cell(board(nearly, [card("m")]), "m").status == "ok"


def test_a_failed_case_gets_the_methods_median_where_still_is_better() -> None:
    values = [
        *values_of("still", 25.0, 25.0, 25.0),
        *values_of("m", 10.0, 14.0),  # median 12
        value("m", "c", None, "failed"),
    ]
    found = board(values, [card("still"), card("m")])

    assert cell(found, "m").value == 12.0  # (10 + 14 + 12) / 3
    assert (cell(found, "m").scored, cell(found, "m").failed, cell(found, "m").of) == (2, 1, 3)
    assert (row(found, "m").scored, row(found, "m").of) == (2, 3)


def test_a_failed_case_gets_stills_value_where_that_is_worse() -> None:
    values = [
        *values_of("still", 25.0, 25.0, 9.0),
        *values_of("m", 30.0, 34.0),  # median 32
        value("m", "c", None, "failed"),
    ]

    assert cell(board(values, [card("m")]), "m").value == pytest.approx(73 / 3)  # 30 + 34 + 9


def test_worse_means_larger_where_lower_is_better() -> None:
    values = [
        *values_of("still", 0.2, 0.2, 0.2, metric="l1"),
        *values_of("m", 0.1, 0.5, metric="l1"),  # median .3, worse than .2
        value("m", "c", None, "failed", metric="l1"),
    ]
    found = board(values, [card("m")], metrics=("l1",))

    assert cell(found, "m").value == pytest.approx(0.3)  # (.1 + .5 + .3) / 3


def test_a_failed_seed_is_filled_in_its_case() -> None:
    values = [
        *values_of("still", 20.0, 8.0),
        value("m", "a", 10.0, seed=0),
        value("m", "a", 30.0, seed=1),  # a: 20
        value("m", "b", 30.0, seed=0),  # b's own: 30; median of 20 and 30: 25; still: 8
        value("m", "b", None, "failed", seed=1),  # worse of 8 and 25: 8; b: (30 + 8) / 2 = 19
    ]
    found = board(values, [card("m", stochastic=True)], cases=("a", "b"))

    assert cell(found, "m").value == 19.5  # (20 + 19) / 2
    assert (cell(found, "m").scored, cell(found, "m").failed) == (1, 1)


def test_a_method_that_fails_everywhere_is_still_and_never_best() -> None:
    values = [*values_of("still", 10.0, 20.0, 30.0)]
    values += [value("m", case, None, "failed") for case in "abc"]
    found = board(values, [card("still"), card("m")])

    assert cell(found, "m").value == 20.0
    assert (cell(found, "m").rank, cell(found, "m").best) == (1, False)
    assert cell(found, "still").best
    assert row(found, "m").scored == 0


def test_an_undefined_value_is_ranked_as_still() -> None:
    values = [
        *values_of("still", 0.3, 0.3, 0.9, metric="l1"),
        *values_of("m", 0.1, 0.2, metric="l1"),
        value("m", "c", None, "undefined", metric="l1"),
    ]
    found = board(values, [card("m")], metrics=("l1",))

    assert cell(found, "m").value == pytest.approx(0.4)  # (.1 + .2 + .9) / 3, not the median
    assert (cell(found, "m").undefined, cell(found, "m").scored) == (1, 2)
    assert row(found, "m").scored == 3  # its prediction exists


def test_where_still_has_no_number_the_worst_method_stands_for_it() -> None:
    values = [
        *values_of("still", 10.0, 10.0),
        value("still", "c", None, "undefined"),
        *values_of("good", 30.0, 30.0, 40.0),
        *values_of("bad", 20.0, 20.0),
        value("bad", "c", None, "undefined"),
        *[value("oracle", case, math.inf, "identical") for case in "abc"],
    ]
    methods = [card("still"), card("good"), card("bad"), card("oracle", reference_row=True)]
    found = board(values, methods)

    assert cell(found, "still").value == 20.0  # 10 + 10 + 40: only `good` has a number on c
    assert cell(found, "bad").value == pytest.approx(80 / 3)  # 20 + 20 + 40


def test_a_case_without_a_number_for_anybody_is_left_out_for_all() -> None:
    values = [
        *values_of("still", 10.0, 20.0),
        value("still", "c", None, "undefined"),
        *values_of("m", 30.0, 40.0),
        value("m", "c", None, "failed"),
    ]
    found = board(values, [card("still"), card("m")])

    assert [cell(found, name).value for name in ("still", "m")] == [15.0, 35.0]
    assert [cell(found, name).left_out for name in ("still", "m")] == [1, 1]


@pytest.mark.parametrize("status", ["failed", "undefined"])
def test_without_still_a_failed_or_undefined_case_is_refused(status: ValueStatus) -> None:
    values = [*values_of("m", 10.0, 20.0), value("m", "c", None, status)]

    with pytest.raises(A2BenchError, match="a2bench run method=still dataset=toy protocol=self"):
        board(values, [card("m")])


def test_without_still_a_table_without_failures_is_made() -> None:
    assert cell(board(values_of("m", 1.0, 2.0, 6.0), [card("m")]), "m").value == 3.0


def test_ranks_follow_the_direction_and_ties_share() -> None:
    values = [
        *values_of("first", 30.0),
        *values_of("second", 29.999),  # prints 30.00 as well
        *values_of("third", 20.0),
        *values_of("first", 0.1, metric="l1"),
        *values_of("second", 0.3, metric="l1"),
        *values_of("third", 0.2, metric="l1"),
    ]
    methods = [card("third"), card("second"), card("first")]
    found = board(values, methods, cases=("a",), metrics=("psnr", "l1"))

    assert [r.card.name for r in found.rows] == ["first", "second", "third"]
    assert [cell(found, name).rank for name in ("first", "second", "third")] == [1, 1, 3]
    assert [cell(found, name, 1).rank for name in ("first", "second", "third")] == [1, 3, 2]
    assert [cell(found, name).best for name in ("first", "second", "third")] == [True, True, False]
    assert not any(cell(found, name).second for name in ("first", "second", "third"))
    assert cell(found, "third", 1).second


def test_reference_rows_are_last_and_never_ranked() -> None:
    values = [*[value("oracle", case, math.inf, "identical") for case in "abc"]]
    values += values_of("m", 1.0, 2.0, 3.0)
    found = board(values, [card("oracle", reference_row=True), card("m")])

    assert [r.card.name for r in found.rows] == ["m", "oracle"]
    assert cell(found, "oracle").rank is None
    assert not cell(found, "oracle").best
    assert cell(found, "m").best


@pytest.mark.parametrize(
    ("field", "other"), [("region", {"region": "frame"}), ("version", {"version": 2})]
)
def test_values_of_different_region_or_version_do_not_mix(
    field: str, other: dict[str, object]
) -> None:
    values = [*values_of("m", 1.0, 2.0, 3.0), *values_of("n", 1.0, 2.0)]
    values.append(value("n", "c", 3.0).model_copy(update=other))

    with pytest.raises(A2BenchError, match=rf"psnr: values of different {field}.*\n.*score all"):
        board(values, [card("m"), card("n")])


def test_a_failed_values_region_is_no_reason_to_refuse() -> None:
    values = [*values_of("still", 1.0, 2.0, 3.0), *values_of("m", 1.0, 2.0)]
    values.append(value("m", "c", None, "failed", region="frame"))

    assert board(values, [card("m")]).columns[0].region == "motion"


@pytest.mark.parametrize("absent", ["no value", "missing", "unavailable"])
def test_a_case_that_was_not_attempted_is_refused_and_named(absent: str) -> None:
    values = [*values_of("still", 1.0, 2.0, 3.0), *values_of("m", 1.0, 2.0)]
    if absent != "no value":
        values.append(value("m", "c", None, "missing" if absent == "missing" else "unavailable"))

    with pytest.raises(A2BenchError, match=r"self / m: 1 of 3 cases, such as c \(psnr\)") as caught:
        board(values, [card("m")])
    # `m` is a card of brought videos: they are brought again, not run
    words = (
        "a2bench score --predictions FOLDER [--pairs FILE] "
        "method=m dataset=toy protocol=self split=smoke"
    )
    assert words in str(caught.value)
    assert "--allow-partial" in str(caught.value)


def test_a_seed_that_lacks_in_one_case_is_missing() -> None:
    values = [*values_of("m", 1.0, 2.0, 3.0), value("m", "a", 4.0, seed=1)]

    with pytest.raises(A2BenchError, match="2 of 3 cases, such as b"):
        board(values, [card("m", stochastic=True)])


def test_allow_partial_counts_missing_cases_as_failed_and_marks_the_table() -> None:
    values = [*values_of("still", 1.0, 2.0, 3.0), *values_of("m", 10.0, 20.0)]
    found = board(values, [card("m")], allow_partial=True)

    assert cell(found, "m").value == 11.0  # 10 + 20 + worse of 3 and 15
    assert (cell(found, "m").missing, row(found, "m").scored) == (1, 2)
    assert found.partial


def test_values_outside_the_table_are_not_read() -> None:
    values = [
        *values_of("m", 1.0, 2.0, 3.0, 99.0),  # d is outside the split
        value("other", "a", 7.0, version=5),
        value("m", "a", 7.0, protocol="cross"),
        value("m", "a", 7.0, metric="l1"),
    ]

    assert cell(board(values, [card("m")]), "m").value == 2.0


def test_an_unavailable_metric_is_a_status_with_the_command() -> None:
    values = [value("m", case, None, "unavailable", reason="a2bench fetch x") for case in "ab"]
    values.append(value("m", "c", None, "failed"))
    found = board(values, [card("m")])

    assert (cell(found, "m").status, cell(found, "m").value) == ("unavailable", None)
    assert cell(found, "m").reason == "a2bench fetch x"
    assert cell(found, "m").rank is None


def test_a_method_without_meaning_in_a_protocol_needs_no_values() -> None:
    method = card("m", not_applicable={"self": "equals the truth"})
    found = board([], [method])

    assert cell(found, "m").status == "not_applicable"
    assert cell(found, "m").reason == "equals the truth"
    assert not found.partial


def test_a_method_that_applies_to_some_cases_only_is_not_applicable() -> None:
    values = [*values_of("m", 1.0, 2.0), value("m", "c", None, "not_applicable", reason="no pose")]
    found = board(values, [card("m")])

    assert cell(found, "m").status == "not_applicable"
    assert cell(found, "m").reason == "1 of 3 cases: no pose"


def test_tracks_do_not_mix() -> None:
    with pytest.raises(A2BenchError, match="'m' stands in as_shipped, the table is track given"):
        board(values_of("m", 1.0, 2.0, 3.0), [card("m", tracks=("as_shipped",))])


def test_the_order_of_values_and_methods_does_not_matter() -> None:
    numbers = random.Random(5)
    values = [
        value(name, f"c{case}", numbers.uniform(5, 40))
        for name in ("still", "m", "n", "o")
        for case in range(30)
    ]
    methods = [card(name) for name in ("still", "m", "n", "o")]
    cases = [f"c{case}" for case in range(30)]
    first = board(values, methods, cases=cases)
    numbers.shuffle(values)
    again = board(values, methods[::-1], cases=cases)

    assert first == again


def test_a_value_given_twice_is_refused() -> None:
    with pytest.raises(A2BenchError, match="two values of self / m / seed 0 / a / psnr"):
        board([value("m", "a", 1.0), value("m", "a", 2.0)], [card("m")], cases=("a",))


def test_an_infinite_mean_without_a_cap_is_refused() -> None:
    with pytest.raises(A2BenchError, match=r"give METRIC in metrics/l1\.py a `cap`"):
        board(values_of("m", math.inf, metric="l1"), [card("m")], cases=("a",), metrics=("l1",))


def _many() -> list[Value]:
    return [
        value("m", "a", 0.1 + 0.2),
        value("m", "b", math.inf, "identical"),
        value("m", "c", None, "failed", reason="oom: 24 GiB"),
        value("m", "a", 5e-324, metric="l1", seed=2),
        value("m", "a", -0.0, metric="l1", protocol="cross"),
        value("still", "a", 1 / 3, protocol="rescaled"),
    ]


def test_values_come_back_exactly_and_sorted(tmp_path: Path) -> None:
    values = _many()
    write_values(tmp_path / "values.parquet", reversed(values))
    found = read_values(tmp_path / "values.parquet")

    expected = [values[i] for i in (0, 1, 2, 3, 5, 4)]  # self, rescaled, cross; seed; case
    assert found == expected
    assert [repr(entry.value) for entry in found] == [repr(entry.value) for entry in expected]


def test_values_are_the_same_bytes_for_any_order(tmp_path: Path) -> None:
    write_values(tmp_path / "first.parquet", _many())
    write_values(tmp_path / "again.parquet", _many()[::-1])

    assert (tmp_path / "first.parquet").read_bytes() == (tmp_path / "again.parquet").read_bytes()


def test_no_values_at_all_are_a_file_too(tmp_path: Path) -> None:
    write_values(tmp_path / "values.parquet", [])

    assert read_values(tmp_path / "values.parquet") == []


@pytest.mark.parametrize("number", [math.nan, -math.nan])
def test_nan_is_not_written(tmp_path: Path, number: float) -> None:
    with pytest.raises(A2BenchError, match="is NaN"):
        write_values(tmp_path / "values.parquet", [value("m", "a", number)])


def test_a_file_that_is_not_there_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(A2BenchError, match="`a2bench score` writes them"):
        read_values(tmp_path / "values.parquet")


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1" + b"\xff" * 64 + b"PAR1", b"text\n"])
def test_a_file_that_is_not_parquet_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "values.parquet").write_bytes(content)

    with pytest.raises(A2BenchError, match="cannot be read as Parquet"):
        read_values(tmp_path / "values.parquet")


def test_a_torn_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "values.parquet"
    write_values(path, _many())
    whole = path.read_bytes()
    # the footer is whole, the data before it is not
    path.write_bytes(whole[:4] + b"\x00" * 200 + whole[204:])

    with pytest.raises(A2BenchError, match=str(path)):
        read_values(path)


def _rewritten(path: Path, **columns: list[object]) -> None:
    write_values(path, [value("m", "a", 1.0)])
    table = pq.read_table(path)
    for name, content in columns.items():
        index = table.schema.get_field_index(name)
        table = table.set_column(index, table.schema.field(index), pa.array(content))
    pq.write_table(table, path)


@pytest.mark.parametrize(
    ("column", "content", "message"),
    [
        ("status", "great", "row 0"),
        ("protocol", "other", "row 0"),
        ("metric", "../psnr", "row 0"),
        ("case_id", "../../etc", "row 0"),
        ("value", math.nan, "NaN"),
    ],
)
def test_a_hostile_row_is_refused(
    tmp_path: Path, column: str, content: object, message: str
) -> None:
    _rewritten(tmp_path / "values.parquet", **{column: [content]})

    with pytest.raises(A2BenchError, match=message):
        read_values(tmp_path / "values.parquet")


def test_other_columns_and_other_schemas_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "values.parquet"
    write_values(path, [value("m", "a", 1.0)])
    table = pq.read_table(path)
    pq.write_table(table.append_column("extra", pa.array([1])), path)
    with pytest.raises(A2BenchError, match=r"extra int64, expected protocol string"):
        read_values(path)

    pq.write_table(table.replace_schema_metadata({b"a2bench.schema": b"a2bench.values/9"}), path)
    with pytest.raises(A2BenchError, match=r"schema 'a2bench\.values/9', expected"):
        read_values(path)

    pq.write_table(table.replace_schema_metadata(None), path)
    with pytest.raises(A2BenchError, match="schema none"):
        read_values(path)


def test_values_of_the_schema_before_are_read(tmp_path: Path) -> None:
    """It did not know what a network ran in."""
    path = tmp_path / "values.parquet"
    write_values(path, [value("m", "a", 1.0)])
    table = pq.read_table(path).drop_columns("computed_in")
    pq.write_table(table.replace_schema_metadata({b"a2bench.schema": b"a2bench.values/2"}), path)

    assert read_values(path) == [value("m", "a", 1.0)]


def test_more_rows_than_any_benchmark_has_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_values(tmp_path / "values.parquet", _many())
    monkeypatch.setattr("a2bench.results.MAX_ROWS", 5)

    with pytest.raises(A2BenchError, match="6 rows, at most 5"):
        read_values(tmp_path / "values.parquet")


def test_counts_partition_the_cases() -> None:
    values = [value("m", "a", 1.0), value("m", "a", None, "unavailable", metric="l1")]
    values += [value("m", "b", None, "failed"), value("m", "b", None, "failed", metric="l1")]
    methods = [card("m"), card("n", not_applicable={"self": "equals the truth"})]
    found = count_cases(values, {"self": ("a", "b", "c")}, methods)

    assert found == {
        "self": {
            "m": CaseCounts(ok=1, failed=1, missing=1),
            "n": CaseCounts(not_applicable=3),
        }
    }


def test_the_split_digest_depends_on_the_cases_and_their_order() -> None:
    first = split_digest({"self": ("a", "b")})

    assert first == split_digest({"self": ["a", "b"]})
    assert (
        len({first, split_digest({"self": ("b", "a")}), split_digest({"cross": ("a", "b")})}) == 3
    )


def test_outside_a_checkout_there_is_no_git_state(tmp_path: Path) -> None:
    assert git_state(tmp_path) is None


def test_a_method_that_was_not_shown_to_differ_from_the_best_is_marked() -> None:
    """Twenty characters: b differs from a in both directions, still is 5 dB worse everywhere.

    Of four, no test can show anything (p is 2 of 16 at least): no mark.
    """
    numbers = {
        "a": [20.0 + case % 3 for case in range(20)],
        "b": [20.0 + case % 3 + (-0.5 if case % 2 else 0.4) for case in range(20)],
        "still": [15.0 + case % 3 for case in range(20)],
    }
    values = [
        Value(
            protocol="cross",
            method=method,
            seed=0,
            case_id=f"c{case:02d}",
            metric="psnr",
            version=plugins.metric("psnr").version,
            value=number,
            status="ok",
            reason="",
            region="motion",
            unit="dB",
            key="sha256:" + "0" * 64,
        )
        for method, column in numbers.items()
        for case, number in enumerate(column)
    ]
    cards = [
        MethodCard(name=name, title=name, summary=name, kind="precomputed", inputs_seen=())
        for name in numbers
    ]
    for count, expected in ((20, {"a": None, "b": True, "still": False}), (4, dict.fromkeys("ab"))):
        cases = [f"c{case:02d}" for case in range(count)]
        made = aggregate(
            values,
            {"cross": cases},
            cards,
            ["psnr"],
            caption=Caption("set", "1.0.0", "sha256:" + "1" * 64, "mini", "a2bench", "given_pose"),
        )
        tied = {row.card.name: row.cells[0].tied for row in made.rows}
        assert {name: tied[name] for name in expected} == expected
