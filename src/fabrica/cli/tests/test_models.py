"""Models from a site that may be hostile: nothing is written outside the folder, nothing altered is kept."""

from hashlib import sha256
from pathlib import Path

import httpx
import pytest

RAW = b"weights"
MODEL = "/api/models/demo/2"


def entry(path, raw=RAW, **changes):
    return {"path": path, "size_bytes": len(raw), "sha256": sha256(raw).hexdigest(), **changes}


def offer(site, *files):
    site.answers["/api/models/demo"] = {"rows": [{"model": "demo", "number": 2}], "next_cursor": ""}
    site.answers[MODEL] = {"model": "../evil", "number": 2, "files": list(files), "key_fingerprint": "sha256:00"}


def everything_below(folder):
    return sorted(str(one.relative_to(folder)) for one in folder.rglob("*") if one.is_file())


def test_files_arrive_in_a_folder_named_by_the_person(site, asked, home):
    offer(site, entry("model.safetensors"), entry("sub/card.md", b"card"))
    site.answers[f"{MODEL}/files/model.safetensors"] = RAW
    site.answers[f"{MODEL}/files/sub/card.md"] = b"card"
    told = asked("models", "download", "demo")
    assert told == {"folder": "demo-2", "files": 2, "key_fingerprint": "sha256:00"}
    assert everything_below(home) == ["work/demo-2/model.safetensors", "work/demo-2/sub/card.md"]


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "../up", "a/../../up", "..", "", ".", "C:\\x", "a\\..\\b", "c:x", "a\x00b", "a\nb"]
)
def test_a_name_that_leads_outside_is_refused_before_anything_is_fetched(site, fabrica, home, path):
    offer(site, entry("good"), entry(path))
    site.answers[f"{MODEL}/files/good"] = RAW
    result = fabrica("models", "download", "demo@2")
    assert (result.exit_code, everything_below(home)) == (1, [])
    assert [request.url.path for request in site.requests] == [MODEL]


@pytest.mark.parametrize("files", [[entry("a"), entry("A")], [entry("a"), entry("./a")]])
def test_a_file_named_twice_is_refused(site, fabrica, home, files):
    offer(site, *files)
    assert (fabrica("models", "download", "demo@2").exit_code, everything_below(home)) == (1, [])


def test_an_altered_file_is_not_kept(site, fabrica, home):
    offer(site, entry("model.safetensors"))
    site.answers[f"{MODEL}/files/model.safetensors"] = b"WEIGHTS"
    result = fabrica("models", "download", "demo@2")
    assert (result.exit_code, everything_below(home)) == (1, [])
    assert result.stderr.startswith("model.safetensors arrived altered.\nExpected ")


def test_a_file_that_does_not_end_is_cut_off(site, fabrica, home):
    offer(site, entry("model.safetensors"))
    site.answers[f"{MODEL}/files/model.safetensors"] = httpx.Response(200, content=(b"x" * 100 for _ in range(10**6)))
    result = fabrica("models", "download", "demo@2")
    assert (result.exit_code, everything_below(home)) == (1, [])
    assert result.stderr == "The site sends more than it should.\nMore than 7 bytes came.\n"


def test_a_download_that_is_sent_elsewhere_is_refused(site, fabrica, home):
    offer(site, entry("model.safetensors"))
    elsewhere = httpx.Response(302, headers={"location": "https://evil.example/x"})
    site.answers[f"{MODEL}/files/model.safetensors"] = elsewhere
    assert (fabrica("models", "download", "demo@2").exit_code, everything_below(home)) == (1, [])
    assert {request.url.host for request in site.requests} == {"factory.example.eu"}


def test_a_folder_with_files_in_it_is_left_alone(site, fabrica, home):
    offer(site, entry("a"))
    Path("mine").mkdir()
    Path("mine/diary").write_text("x")
    assert fabrica("models", "download", "demo@2", "--folder", "mine").exit_code == 1
    assert fabrica("models", "download", "demo@2", "--folder", "mine/diary").exit_code == 1
    assert everything_below(home) == ["work/mine/diary"]


@pytest.mark.parametrize("name", ["..@1", "demo@x", "demo@-1"])
def test_what_names_no_version_is_refused_without_asking(site, fabrica, name):
    assert (fabrica("models", "show", name).exit_code, site.requests) == (1, [])


def test_a_model_without_a_version_is_not_found(site, fabrica):
    site.answers["/api/models/demo"] = {"rows": [], "next_cursor": ""}
    assert fabrica("models", "show", "demo").exit_code == 4


def test_verifying_needs_a_key_from_elsewhere(fabrica):
    Path("model").mkdir()
    result = fabrica("models", "verify", "model")
    assert (result.exit_code, result.stderr.splitlines()[0]) == (1, "Verifying needs a key you trust.")


def test_documents_are_written_from_the_facts_of_a_folder_without_a_site(site, asked, fabrica, home):
    folder = home / "work" / "model"
    folder.mkdir(parents=True)
    (folder / "facts.json").write_text('{"name": "demo@2", "kind": "train"}')
    told = asked("models", "documents", str(folder), "--to", str(home / "out"))
    assert sorted(told["files"]) == sorted(path.name for path in (home / "out").iterdir())
    assert (told["score"], "# unknown" in (home / "out" / "card.md").read_text(), site.requests) == (1, True, [])
    assert fabrica("models", "documents", str(folder), "--to", str(home / "out")).exit_code == 1
    (folder / "facts.json").write_text('{"format": "fabrica-facts-9"}')
    assert fabrica("models", "documents", str(folder), "--to", str(home / "new")).exit_code == 1
    assert not (home / "new").exists()
