"""The facts of a model as the demonstration makes it, all of it known; `python -m` this writes the golden files anew."""

from pathlib import Path

from fabrica.registry.engine.documents import render_all
from fabrica.registry.engine.documents.rows import table

GOLDEN = Path(__file__).parent / "golden"
DECLARED = {
    "text": "As {name} was told.", "long": "What was told of {name}, at length | with a bar.", "yes_no": False,
    "date": "2026-11-20", "number": 1_000, "choices": ["text"],
}  # fmt: skip
RESULTS = [
    {"probe": "quality", "name": "bits per byte, fr, novels", "verdict": "pass", "value": 2.31, "unit": "bits/byte",
     "low": 2.28, "high": 2.35, "n": 1200, "baseline": 8.02, "threshold": "below the untrained", "data_sha256": "ab" * 32,
     "note": "", "more": {}},
    {"probe": "memorising", "name": "exposure of canaries", "verdict": "not_run", "value": None, "unit": "", "low": None,
     "high": None, "n": 0, "baseline": None, "threshold": "", "data_sha256": "", "note": "No canaries were planted.",
     "more": {}},
    {"probe": "bias", "name": "gender, de", "verdict": "warn", "value": 0.12, "unit": "bits", "low": -0.01, "high": 0.25,
     "n": 60, "baseline": 0.0, "threshold": "at most 0.1", "data_sha256": "cd" * 32, "note": "", "more": {}},
]  # fmt: skip
FACTS = {
    "format": "fabrica-facts-2",
    "name": "old-novels-demo@1",
    "title": "Old novels (demo)",
    "site": "Factory One",
    "kind": "train",
    "created_at": "2026-11-26T09:00:00+00:00",
    "signer": "sha256:" + "12" * 32,
    "application": "AIF-2026-0001",
    "award": 1,
    "project": {"slug": "old-novels", "title": "Old novels", "organisation": "Novalis Labs", "purpose": "Reading aid"},
    "datasets": [
        {"uri": "fabrica:novels@2", "title": "Novels", "description": "Novels in French.", "provenance": "Scans, read.",
         "language": "fr", "provider": "National Library", "sha256": "34" * 32, "size_bytes": 5_000_000, "file_count": 1,
         "files": [{"path": "text/a.txt", "size_bytes": 5_000_000, "sha256": "56" * 32}],
         "published_at": "2026-11-01T00:00:00+00:00", "licence": "CC0-1.0",
         "licence_url": "https://creativecommons.org/publicdomain/zero/1.0/", "has_personal_data": False},
    ],
    "recipe": {"name": "demo", "model": {"layers": 3, "width": 256, "heads": 4, "hidden": 576, "context": 256}},
    "command": None,
    "code": {"version": "0.1.0", "commit": "78" * 20, "is_changed": False},
    "run": {"uid": "run0001", "number": 1, "by": "person0001", "machine": "Machine One", "devices": 1, "attempts": 1,
            "attempts_ended_because": ["succeeded"], "started_at": "2026-11-26T08:00:00+00:00",
            "ended_at": "2026-11-26T08:30:00+00:00"},
    "training": {"parameters": 3_200_000, "tokens": 256_000, "loss_first": 8.3, "loss_last": 4.1,
                 "tokens_per_second": 900.5, "training_flops": 5_400_000_000_000, "text": None, "device": "cpu",
                 "threads": 2, "versions": {"torch": "2.13.0", "python": "3.11"}},
    "use": {"used_gpu_seconds": 1_800, "planned_seconds": 1_700, "actual_seconds": 1_800, "award_gpu_seconds": 36_000,
            "energy_wh": 45.5, "co2e_grams": 11.25, "cloud": [], "cloud_note": "",
            "assumptions": [{"name": "pue", "value": 1.2, "unit": "", "source": "site (checked 2026-11-01)"}]},
    "evaluation": {"bits_per_byte": 2.25, "bits_per_byte_untrained": 8.01, "rivals": {"untrained": "won"},
                   "held_out": {"size_bytes": 20_000, "sha256": "ab" * 32}, "method": "Bits per byte of held-out text."},
    "sample": "Il était une fois\n",
    "battery": {"results": RESULTS, "summary": {"pass": 1, "warn": 1, "not_run": 1}},
    "compute": [{"method": "metered", "flop": 6.1e12, "low": 3e12, "high": 9e12, "how": "GPU-seconds, peak, utilisation"},
                {"method": "architecture", "flop": 5.4e12, "low": 5.1e12, "high": 5.7e12, "how": "6 N D"}],
    "trust": {"decision": "ACCEPT_CONDITIONS", "labels": [{"label": "GPAI", "text": "General-purpose AI model"}, "ROLE_PROVIDER"], "duties": [{"duty": "D", "ref": "Article 53(1)(d)", "text": "Publish a summary of the training content.", "applies_from": "2025-08-02", "certain": True}], "version": "act-2026-11-1",
              "as_of": "2026-11-26", "assessed_at": "2026-11-26T07:00:00+00:00"},
    "statement": {
        "version": 3, "by": "person0001", "at": "2026-11-26T10:00:00+00:00", "sha256": "90" * 32,
        "declared": {
            one.id: said.format(name=one.id) if isinstance(said := DECLARED[one.ask.kind], str) else said
            for one in table().asked if one.ask
        } | {"licence": "Apache-2.0", "crawled": True},
    },
    "release": {"number": 2, "earlier": ["https://factory.example/release/1/"], "signed_facts_sha256": "ef" * 32, "statement_sha256": "90" * 32, "prepared_at": "2026-11-26T11:00:00+00:00"},
}  # fmt: skip

if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for name, raw in render_all(FACTS).items():
        (GOLDEN / name).write_bytes(raw)
