"""What a user study is made of: its key, which stays with whoever made it, and people's answers."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StringConstraints

from a2bench.record import Digest, Name, Record
from a2bench.records import CaseId, FolderName, Protocol

Question = Literal["identity", "temporal", "visual"]
Side = Literal["left", "right"]

QUESTIONS: dict[Question, tuple[str, str]] = {
    "identity": (
        "Identity",
        "Which of the two looks more like the character in the picture?",
    ),
    "temporal": (
        "Consistency over time",
        "In which of the two is the movement more coherent?",
    ),
    "visual": (
        "Visual quality",
        "Which of the two looks better? Flashes, distortions, ghosts, jerks and impossible "
        "movements count against it.",
    ),
}
"""The three questions of the Animate-X paper (section 4.2 and appendix C): title, wording."""

MOST_SHEETS = 1000
MOST_TRIALS = 20_000
MOST_BYTES = 2 * 2**20
"""Of one file of answers: 500 comparisons take 60 kB."""

StudyId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{12}$")]
TrialId = Annotated[str, StringConstraints(pattern=r"^t[0-9]{5}$")]
Participant = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]
Seconds = Annotated[float, Field(ge=0, le=1e7, allow_inf_nan=False)]


class Trial(Record):
    """Two videos of one case side by side; of an attention check `first` is the right answer."""

    trial: TrialId
    case_id: CaseId
    first: Name
    second: Name
    check: bool = False


class Shown(Record):
    """A trial on somebody's sheet; `swapped`: the second method is on the left."""

    trial: TrialId
    swapped: bool


class StudyKey(Record):
    """`key.json`: what is behind the blind page. A participant never gets it."""

    schema_: Literal["a2bench.study_key/1"] = Field("a2bench.study_key/1", alias="schema")
    study: StudyId
    secret: Digest
    """What names of files on the page are made of."""
    seed: int
    dataset: FolderName
    version: FolderName
    protocol: Protocol
    split: str
    run: str
    methods: tuple[Name, ...] = Field(min_length=2, max_length=40)
    video_seeds: dict[Name, int]
    """Of stochastic methods the seed whose videos are shown."""
    predictions: dict[Name, dict[CaseId, Digest]]
    """Method -> case -> digest of the prediction that is shown."""
    trials: tuple[Trial, ...] = Field(max_length=MOST_TRIALS)
    sheets: tuple[tuple[Shown, ...], ...] = Field(max_length=MOST_SHEETS)
    wrong_allowed: int = Field(ge=0)
    """Wrong answers to attention checks with which a participant still counts."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", populate_by_name=True, serialize_by_alias=True
    )


class Answer(Record):
    """What somebody chose in one trial."""

    trial: TrialId
    identity: Side
    temporal: Side
    visual: Side
    seconds: Seconds


class Answers(Record):
    """A file that the page saved."""

    schema_: Literal["a2bench.study_answers/1"] = Field("a2bench.study_answers/1", alias="schema")
    study: StudyId
    sheet: int = Field(ge=1, le=MOST_SHEETS)
    participant: Participant
    answers: tuple[Answer, ...] = Field(max_length=MOST_TRIALS)

    model_config = ConfigDict(
        frozen=True, extra="forbid", populate_by_name=True, serialize_by_alias=True
    )
