"""Options that several verbs have: one line of help each."""

from pathlib import Path
from typing import Annotated

import typer

DEFAULT_DATASET = "a2bench-proc"

Home = Annotated[
    Path | None, typer.Option(help="Data root; default $A2BENCH_HOME, else ./a2bench-data.")
]
DatasetName = Annotated[str, typer.Option(help="Name, name@version, or a folder.")]
SplitName = Annotated[str, typer.Option(help="smoke, demo, mini, lite, quant, full.")]
ProtocolName = Annotated[str, typer.Option(help="self, rescaled or cross.")]
ProtocolNames = Annotated[
    str, typer.Option(help="self, cross, or both with a comma; default where rows are.")
]
MethodNames = Annotated[str, typer.Option(help="Methods, with commas; default all of the run.")]
SuiteName = Annotated[str, typer.Option(help="a2bench, extended or disco.")]
TrackName = Annotated[
    str, typer.Option(help="given_pose, or as_shipped: methods with their own detector.")
]
RunName = Annotated[str, typer.Option(help="Name of the run folder.")]
Subset = Annotated[
    list[str] | None,
    typer.Option(help="KEY=VALUE[,VALUE] of the cases, such as family=animals; again."),
]
Workers = Annotated[int | None, typer.Option(help="Processes; default one a core.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
