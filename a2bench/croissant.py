"""`croissant.json`: the data set described for machines (MLCommons Croissant 1.0, RAI 1.0).

Written as plain JSON-LD, so that building needs no further library; a test has `mlcroissant`
validate it and read the manifest through it.
"""

from typing import Any

from a2bench.about import about
from a2bench.dataset import Dataset
from a2bench.paths import sha256_file, write_json

_CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}

_LICENCES = {"CC0-1.0": "https://creativecommons.org/publicdomain/zero/1.0/"}

_MEDIA = {
    "video.mp4": ("video/mp4", "Truth: lossless or CRF-18 H.264, BT.709 limited 4:2:0."),
    "reference.png": ("image/png", "Frame 0 of the truth."),
    "driving.mp4": ("video/mp4", "The source at its own rate, for methods at other rates."),
    "pose.npz": ("application/zip", "COCO-18 key points in hundredths of a pixel, visibility."),
    "driving_pose.npz": ("application/zip", "Key points of the driving clip, as pose.npz."),
    "mask.npz": ("application/zip", "One bit a pixel: foreground and undefined parts."),
    "sample.json": ("application/json", "The sample's row of the manifest."),
}

_ROW_FIELDS: dict[str, tuple[str, str, str]] = {
    "id": ("sc:Text", "id", "Id of the sample, and its folder below samples/."),
    "category": ("sc:Text", "category", "Family of the character."),
    "prompt": ("sc:Text", "prompt", "One sentence that describes the picture."),
    "width": ("sc:Integer", "size.width", "Of a frame, in px."),
    "height": ("sc:Integer", "size.height", "Of a frame, in px."),
    "fps": ("sc:Float", "fps", "Frames of the truth a second, in Hz."),
    "frames": ("sc:Integer", "frames", "Frames of the truth."),
    "pose_source": ("sc:Text", "pose_source", "exact, estimated or none."),
    "rgb_digest": ("sc:Text", "digests.rgb", "SHA-256 of the decoded pixels."),
}


def croissant(dataset: Dataset) -> dict[str, Any]:
    """Return the description; every attribute that all samples have becomes a field.

    Raises:
        A2BenchError: the manifest cannot be read.
    """
    info, words = dataset.info, about(dataset)
    samples = list(dataset.samples.values())
    names = sorted({name for sample in samples for name in sample.files} | {"sample.json"})
    attributes = sorted(set.intersection(*(set(one.attributes) for one in samples)))
    fields = dict(_ROW_FIELDS)
    for name in attributes:
        fields[f"attribute_{name}"] = ("sc:Text", f"attributes.{name}", name.replace("_", " "))
    described: dict[str, Any] = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": [
            "http://mlcommons.org/croissant/1.0",
            "http://mlcommons.org/croissant/RAI/1.0",
        ],
        "name": info.name,
        "version": info.version,
        "description": words.summary,
        "license": _LICENCES.get(info.licence, info.licence),
        "keywords": ["character animation", "image to video", "human pose", "benchmark"],
        "citeAs": (
            f"@misc{{{info.name}, title = {{{info.name} {info.version}, built by A²Bench}}}}"
        ),
        "isLiveDataset": False,
        "rai:dataCollection": " ".join(words.made),
        "rai:dataCollectionType": _COLLECTION[info.builder],
        "rai:dataAnnotationProtocol": words.truth,
        "rai:dataPreprocessingProtocol": (
            "Frames are converted to BT.709 limited 4:2:0 and stored as H.264; what that decodes "
            "to is the truth."
        ),
        "rai:machineAnnotationTools": sorted(
            f"{name} {version}" for name, version in info.build.items()
        ),
        "rai:dataUseCases": list(words.uses) + [f"Not for: {one}" for one in words.misuses],
        "rai:dataLimitations": list(words.limits),
        "rai:dataBiases": list(words.biases),
        "rai:dataSocialImpact": words.impact,
        "rai:personalSensitiveInformation": words.personal,
        "rai:dataReleaseMaintenancePlan": words.maintenance,
        "distribution": [
            {
                "@type": "cr:FileObject",
                "@id": "manifest.jsonl",
                "name": "manifest.jsonl",
                "description": "One row a sample, sorted by id.",
                "contentUrl": "manifest.jsonl",
                "contentSize": f"{(dataset.folder / 'manifest.jsonl').stat().st_size} B",
                "encodingFormat": "application/jsonlines",
                "sha256": sha256_file(dataset.folder / "manifest.jsonl").removeprefix("sha256:"),
            },
            *(
                {
                    "@type": "cr:FileSet",
                    "@id": f"all-{name}",
                    "name": f"all-{name}",
                    "description": _MEDIA.get(name, ("", name))[1],
                    "encodingFormat": _MEDIA.get(name, ("application/octet-stream", ""))[0],
                    "includes": f"samples/*/{name}",
                }
                for name in names
            ),
            *_motion(dataset),
        ],
        "recordSet": [
            {
                "@type": "cr:RecordSet",
                "@id": "samples",
                "name": "samples",
                "description": "The samples that are built.",
                "key": {"@id": "samples/id"},
                "field": [
                    {
                        "@type": "cr:Field",
                        "@id": f"samples/{name}",
                        "name": name,
                        "description": text,
                        "dataType": kind,
                        "source": _source(path),
                    }
                    for name, (kind, path, text) in fields.items()
                ],
            },
            {
                "@type": "cr:RecordSet",
                "@id": "splits",
                "name": "splits",
                "description": "Which ids a split has; splits are nested prefixes of one order.",
                "dataType": "cr:Split",
                "key": {"@id": "splits/name"},
                "field": [
                    {
                        "@type": "cr:Field",
                        "@id": f"splits/{name}",
                        "name": name,
                        "description": text,
                        "dataType": kind,
                    }
                    for name, kind, text in (
                        ("name", "sc:Text", "Name of the split."),
                        ("ids", "sc:Integer", "Number of ids: the first so many of the order."),
                        ("digest", "sc:Text", "SHA-256 of its decoded content, if it is built."),
                    )
                ],
                "data": [
                    {"splits/name": name, "splits/ids": count, "splits/digest": digest}
                    for name, count, digest in split_digests(dataset)
                ],
            },
        ],
    }
    if words.published:
        described["datePublished"] = words.published
    return described


_COLLECTION = {
    "procedural": ["Synthetic data", "Software Collection"],
    "adopt": ["Secondary Data analysis"],
    "generative": ["Synthetic data"],
}
"""From the list of types that Croissant RAI names."""


def _motion(dataset: Dataset) -> list[dict[str, Any]]:
    """Return the motion capture that a data set's characters dance, if there is one."""
    path = dataset.folder / "motion.bvh"
    if dataset.info.motion is None or not path.is_file():
        return []
    return [
        {
            "@type": "cr:FileObject",
            "@id": "motion.bvh",
            "name": "motion.bvh",
            "description": f"The motion capture that all dance: {dataset.info.motion.name}.",
            "contentUrl": "motion.bvh",
            "contentSize": f"{path.stat().st_size} B",
            "encodingFormat": "text/plain",
            "sha256": sha256_file(path).removeprefix("sha256:"),
        }
    ]


def _source(path: str) -> dict[str, Any]:
    """Return where a field comes from: a column of the manifest, or `column.key` inside one."""
    column, _, key = path.partition(".")
    source: dict[str, Any] = {
        "fileObject": {"@id": "manifest.jsonl"},
        "extract": {"column": column},
    }
    return source | ({"transform": {"jsonPath": key}} if key else {})


def split_digests(dataset: Dataset) -> list[tuple[str, int, str]]:
    """Return name, number of ids and content digest ("not built" where it is not), ascending."""
    return [
        (
            name,
            count,
            dataset.digest(name)
            if all(key in dataset.samples for key in dataset.ids(name))
            else "not built",
        )
        for name, count in sorted(dataset.info.splits.items(), key=lambda item: item[1])
    ]


def write_croissant(dataset: Dataset) -> None:
    """Write `croissant.json`; the manifest must be there."""
    write_json(dataset.folder / "croissant.json", croissant(dataset))
