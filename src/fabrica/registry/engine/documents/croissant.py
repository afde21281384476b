"""The data that was used, each dataset version as Croissant 1.0 JSON-LD, with the vocabulary on responsible AI."""

from pathlib import PurePosixPath
from typing import Any

from fabrica.registry.engine.documents.finding import UNKNOWN, find_by_id
from fabrica.registry.engine.documents.schema import rows_at

FILES_AT_MOST = 100
CONFORMS_TO = ["http://mlcommons.org/croissant/1.0", "http://mlcommons.org/croissant/RAI/1.0"]
CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "repeated": "cr:repeated",
    "sc": "https://schema.org/",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
TYPES = {
    ".txt": "text/plain", ".md": "text/markdown", ".csv": "text/csv", ".json": "application/json",
    ".jsonl": "application/jsonlines", ".parquet": "application/vnd.apache.parquet", ".py": "text/x-python",
}  # fmt: skip


def croissants(facts: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """A file for each dataset: `croissant.json` where there is one or none, else numbered."""
    rows = rows_at(facts, "datasets") or [{}]
    return dict(zip(names(facts), (_dataset(facts, one) for one in rows), strict=True))


def names(facts: dict[str, Any]) -> list[str]:
    """The files that `croissants` makes."""
    count = len(rows_at(facts, "datasets"))
    return [f"croissant-{number}.json" for number in range(1, count + 1)] if count > 1 else ["croissant.json"]


def _dataset(facts: dict[str, Any], one: dict[str, Any]) -> dict[str, Any]:
    def told(name: str) -> str:
        value = one.get(name)
        return UNKNOWN if value in (None, "") else str(value)

    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": CONFORMS_TO,
        "name": told("title"),
        "description": f"{told('description')}\n\n{_listed(one)}",
        "license": told("licence_url") if one.get("licence_url") else told("licence"),
        "url": told("uri"),
        "creator": {"@type": "sc:Organization", "name": told("provider")},
        "datePublished": told("published_at"),
        "inLanguage": told("language"),
        "version": told("uri").rpartition("@")[2],
        "identifier": {"@type": "sc:PropertyValue", "name": "sha256 of the list of files", "value": told("sha256")},
        "size": f"{one['size_bytes']} B" if isinstance(one.get("size_bytes"), int) else UNKNOWN,
        "rai:dataCollection": told("provenance"),
        "rai:dataBiases": find_by_id(facts, "bias_methods").said,
        "rai:personalSensitiveInformation": _personal(one.get("has_personal_data")),
        "distribution": _files(one),
    }


def _personal(value: Any) -> str:
    words = {True: "The provider says that it holds personal data.", False: "The provider says that it holds none."}
    return words[value] if isinstance(value, bool) else UNKNOWN


def _listed(one: dict[str, Any]) -> str:
    """Of how many files how many stand under `distribution`, or that they are not told."""
    count = one.get("file_count")
    total = f"{count:,}" if isinstance(count, int) and not isinstance(count, bool) else UNKNOWN
    if not isinstance(one.get("files"), list):
        return f"Its files are not told. Number of files: {total}."
    return f"Files listed here: {len(_files(one)):,}. Number of files: {total}."


def _files(one: dict[str, Any]) -> list[dict[str, Any]]:
    """The files that the record names, at most a hundred."""
    return [
        {
            "@type": "cr:FileObject",
            "@id": str(file.get("path")),
            "name": str(file.get("path")),
            "contentUrl": str(file.get("path")),
            "encodingFormat": TYPES.get(PurePosixPath(str(file.get("path"))).suffix, "application/octet-stream"),
            "contentSize": f"{file.get('size_bytes')} B",
            "sha256": str(file.get("sha256")),
        }
        for file in rows_at(one, "files", FILES_AT_MOST)
    ]
