from pathlib import Path

from fabrica.evaluation.battery import energy, evaluate
from fabrica.evaluation.battery.material import Document, Source, is_of_training, pieces_of, read_material
from fabrica.evaluation.battery.overlap import found_in
from fabrica.evaluation.battery.sorting import language_in
from fabrica.trainer.recipe import recipe_from

SOURCE = Source("a@1", Path("a"), "fr")
RUN = "the quick brown fox jumps over the lazy dog while one more sleeps"


def test_pieces_come_from_as_many_documents_as_can_be():
    documents = [Document(bytes([65 + number]) * 1_000, SOURCE) for number in range(5)]
    pieces = pieces_of(documents, 7, 300)
    assert sorted(one.document for one in pieces[:5]) == [0, 1, 2, 3, 4]
    assert {one.size_bytes for one in pieces} == {300}
    assert pieces == pieces_of(documents, 7, 300)
    assert len(pieces_of(documents, 100, 300)) == 15  # a rest of a hundred bytes is left out


def test_a_piece_never_holds_half_a_character():
    pieces = pieces_of([Document("é".encode() * 301, SOURCE)], 10, 301)
    assert [set(one.text) for one in pieces] == [{"é"}, {"é"}]


def test_thirteen_words_in_a_row_are_found_whatever_their_case_and_points():
    training = [b"Nothing here.", f"But: {RUN.upper()}!".encode()]
    assert found_in([RUN.encode(), b"short", RUN[4:].encode()], training) == [(1, 1), (0, 0), (0, 0)]
    assert found_in([f"{RUN} and on".encode()], training) == [(1, 3)]
    assert found_in([RUN.encode()], [RUN[:30].encode(), RUN[30:].encode()]) == [(0, 1)]


def test_a_documents_language_is_declared_or_seen():
    assert language_in("whatever", "fr") == "fr"
    assert language_in("for (i = 0; i < n; i++) { a[i] = b[i]; }", "mul") == "zxx"
    assert language_in("x", "und") == "und"
    assert language_in("This is what the people of the town say about it when they are asked for their view.") == "en"


def test_text_split_as_the_recipe_splits_is_known_by_its_hash(tmp_path):
    for name, domain in (("a@1", "one"), ("b@1", "two")):
        (tmp_path / domain).mkdir()
        for number in range(20):
            (tmp_path / domain / f"{number}.txt").write_text(f"{name} {number} " * 50)
    sources = [Source("a@1", tmp_path / "one", "en"), Source("b@1", tmp_path / "two")]
    found = read_material(sources, recipe_from({"name": "tiny", "held_out_share": 0.2}))
    assert {one.source.name for one in found.held_out} == {"a@1", "b@1"}
    assert all(one.raw.decode().startswith(one.source.name) for one in (*found.held_out, *found.training))
    told = tmp_path / "evaluation.json"
    assert not is_of_training(found, told)
    told.write_text(f'{{"held_out": {{"sha256": "{found.sha256}"}}}}')
    assert is_of_training(found, told)


def test_energy_is_what_the_counters_say_even_when_they_begin_again(tmp_path):
    (tmp_path / "intel-rapl:0").mkdir()
    counter, limit = (tmp_path / "intel-rapl:0" / name for name in ("energy_uj", "max_energy_range_uj"))
    counter.write_text("9000000")
    limit.write_text("9999999")
    meter = energy.Meter(tmp_path)
    counter.write_text("1000000")
    found = meter.measured(whole=True)
    assert found.joules == 2.0
    (tmp_path / energy.FILE).write_text(energy.as_json(found))
    assert energy.probe(tmp_path)[0].value == 2 / 3600
    (tmp_path / energy.FILE).write_text(energy.as_json(meter.measured(whole=False)))
    assert [one.note for one in (*energy.probe(tmp_path), *energy.probe(None))] == [energy.PARTLY, energy.NOT_MEASURED]
    assert energy.Meter(tmp_path / "none").measured(whole=True) is None


def test_a_folder_that_somebody_made_up_ends_no_battery(tmp_path):
    (tmp_path / "recipe.json").write_text("[" * 100_000)
    (tmp_path / "canaries.json").write_text('[{"beginning": "", "secret": "", "repeats": 1e999}]')
    told = '{"training_languages": {"fr": 0.5, "en": NaN, "de": 1e999, "<b>": 0.5}}'
    (tmp_path / "battery.json").write_text(told)
    assert evaluate.recipe_of(tmp_path) == recipe_from({})
    assert evaluate.canaries_of(tmp_path) == ()
    assert evaluate._languages(tmp_path) == {"fr": 0.5}
