"""Tracks: how a method comes to its poses. They never stand in one table.

`given_pose`: the data set's exact poses are injected; `as_shipped`: the method's own detector and
alignment, as its authors run it. A method without a pose input stands in both. One that can do
either has a card for each, so a prediction, a row and a fingerprint say which: the second is called
`<method>_<track>`, and `track=` finds it.
"""

from a2bench import plugins
from a2bench.errors import A2BenchError
from a2bench.records import Track


def on_track(name: str, track: Track) -> str:
    """Return the method that a name means on a track: itself, or its card for that track.

    A name that is no method of ours (of brought videos, say) is returned as it is.

    Raises:
        A2BenchError: it stands in neither form there.
    """
    if not plugins.is_method(name):
        return name
    card = plugins.card(name)
    if track in card.tracks:
        return name
    other = f"{name}_{track}"
    if plugins.is_method(other) and track in plugins.card(other).tracks:
        return other
    raise A2BenchError(
        f"method {name!r} does not stand in track {track}, only in {' and '.join(card.tracks)}.\n"
        f"hint: track={card.tracks[0]}, or leave it out"
    )


def parse_track(value: object) -> Track:
    """Return the track of a name.

    Raises:
        A2BenchError: no such track.
    """
    if value == "given_pose":
        return "given_pose"
    if value == "as_shipped":
        return "as_shipped"
    raise A2BenchError(f"track {value!r}: expected given_pose or as_shipped")
