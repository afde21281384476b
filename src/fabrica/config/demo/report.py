"""What the play leaves: one table, and `summary.json` for programs."""

import json
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from fabrica.config.demo.play import Play
from fabrica.kit.files import write_atomic
from fabrica.kit.units import duration, gpu_hours


def summary(play: Play, *, audit_holds: bool, seconds_total: float) -> dict[str, Any]:
    """The figures of a play. All come from the site's API, the runner's results and the checks; none is made here."""
    facts, bill = play.model["facts"], play.bill
    measured = facts["evaluation"]
    points = play.clients["ada"].get(f"/projects/{play.project}/runs/{play.run['number']}/points")
    return {
        "application": play.application["code"],
        "decision": play.application["gate"]["decision"],
        "state": play.application["state"],
        "award_gpu_seconds": bill["award_gpu_seconds"],
        "used_gpu_seconds": play.run["used_gpu_seconds"],
        "left_gpu_seconds": bill["left_gpu_seconds"],
        "dataset_sha256": facts["datasets"][0]["sha256"],
        "run": play.run["number"],
        "attempts": len(play.run["attempts"]),
        "starts": play.starts,
        "loss_first": points[0]["loss"],
        "loss_last": points[-1]["loss"],
        "bits_per_byte": measured["bits_per_byte"],
        "bits_per_byte_untrained": measured["bits_per_byte_untrained"],
        "bits_per_byte_bigram": measured["bits_per_byte_bigram"],
        "bits_per_byte_xz": measured["bits_per_byte_xz"],
        "tokens_per_second": play.run["tokens_per_second"],
        "planned_seconds": play.run["planned_seconds"],
        "actual_seconds": bill["actual_seconds"],
        "energy_wh": bill["energy_wh"],
        "co2e_grams": bill["co2e_grams"],
        "model": f"{play.model['model']}@{play.model['number']}",
        "model_state": play.model["state"],
        "manifest_verified": play.verdict["state"] == "verified",
        "audit_chain_verified": audit_holds,
        "seconds_total": round(seconds_total, 1),
    }


def write(path: Path, told: dict[str, Any]) -> None:
    """Keep the summary."""
    write_atomic(path, json.dumps(told, indent=2) + "\n")


def table(console: Console, play: Play, told: dict[str, Any]) -> None:
    """The summary as people read it."""
    grid = Table(title="From an application to a signed model", show_header=False, title_justify="left")
    grid.add_column(style="bold")
    grid.add_column(overflow="fold")
    for name, value in _lines(play, told):
        grid.add_row(name, value)
    console.print(grid)
    console.print(f"[bold]A sample the model wrote:[/] {play.model['facts']['sample'][:300]!r}", highlight=False)


def _price(bill: dict[str, Any]) -> str:
    """The same hours at dated cloud prices; for a processor, which no list prices, an hour of a GPU for orientation."""
    if bill["cloud"]:
        low, high = (
            f(one[key] for one in bill["cloud"]) for f, key in ((min, "eur_cents_low"), (max, "eur_cents_high"))
        )
        return f"{low / 100:.2f} to {high / 100:.2f} euros"
    prices = bill["price_list"]
    low, high = min(one["usd_cents_low"] for one in prices), max(one["usd_cents_high"] for one in prices)
    dates = sorted(one["priced_on"] for one in prices)
    return (
        f"none compares with a processor's hours; one {prices[0]['gpu']} hour is {low / 100:.2f} to {high / 100:.2f} "
        f"US dollars ({len(prices)} list prices, {dates[0]} to {dates[-1]})"
    )


def _lines(play: Play, told: dict[str, Any]) -> list[tuple[str, str]]:
    award, used = told["award_gpu_seconds"], told["used_gpu_seconds"]
    bpb = told["bits_per_byte"]
    signature = "verified" if told["manifest_verified"] else "NOT VERIFIED"
    rivals = (("itself untrained", "untrained"), ("a byte bigram model", "bigram"), ("xz -9", "xz"))
    compared = [
        (
            f"… against {name}",
            f"{told[f'bits_per_byte_{key}']:.3f}: {'won' if bpb < told[f'bits_per_byte_{key}'] else 'lost'}",
        )
        for name, key in rivals
    ]
    return [
        ("Application", f"{told['application']}: gate {told['decision']}, {told['state']}"),
        ("Award, device-hours", f"{gpu_hours(award)}; this run used {gpu_hours(used, 3)}"),
        ("Starts of the job", f"{told['starts']}"),
        ("Data", f"fabrica:python-stdlib@1, sha256 {told['dataset_sha256'][:16]}…"),
        ("Loss", f"{told['loss_first']:.3f} → {told['loss_last']:.3f} at {told['tokens_per_second']:,.0f} tokens/s"),
        ("Bits per byte, held out", f"{bpb:.3f}"),
        *compared,
        ("Planned, actual", f"{duration(told['planned_seconds'])}, {duration(told['actual_seconds'])}"),
        ("Energy, CO2e (estimates)", f"{told['energy_wh']:.2f} Wh, {told['co2e_grams']:.2f} g"),
        ("Price elsewhere", _price(play.bill)),
        ("Model", f"{told['model']}: {told['model_state']}, signature {signature}"),
        ("Audit chain", "holds" if told["audit_chain_verified"] else "BREAKS"),
        ("Time in all", duration(told["seconds_total"])),
    ]
