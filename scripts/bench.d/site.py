"""Compares `qedex plan site` with HiGHS on the same days, as ratios.

Usage: site.py QEDEX

The days are those of data/cche, as they are and changed. Ours is a whole command: start, reading the site,
planning, checking the plan, printing. HiGHS gets the file of `--mps` and has it read before its time begins;
it uses one thread, as ours does. Both may end at 0.1 % above what they have proven. Times are the processor's,
which depend less on what else runs, each the best of three runs. Besides, HiGHS solves each file to the end: both costs have to be that optimum to 0.1 %, and never
below it.
"""

import copy
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from typing import Callable, Optional

import highspy

DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "data", "cche")
GAP = 1e-3
RUNS = 3
# What both print and compute with ends there.
DIGITS = 1e-4


def without(device: str) -> Callable[[dict], None]:
    return lambda site: site.pop(device, None)


def six_hours(site: dict) -> None:
    site["battery"]["active_max"] = 6


def small_connection(site: dict) -> None:
    site["grid"]["import_max"] = 60


CASES = [
    ("all devices", lambda site: None),
    ("without the battery", without("battery")),
    ("without the turbine", without("mt")),
    ("without the heat store", without("tst")),
    ("without ice", without("ice")),
    ("the battery in at most 6 hours", six_hours),
    ("import up to 60 kW", small_connection),
]


def children() -> float:
    """The processor's seconds of all commands that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def ours(qedex: str, site: str) -> Optional[tuple[float, float]]:
    """Seconds and cost, or nothing where there is no plan."""
    times, cost = [], 0.0
    for _ in range(RUNS):
        began = children()
        done = subprocess.run(
            [qedex, "plan", "site", "--site", site, "--gap-ppm", str(round(GAP * 1e6)), "--json"],
            capture_output=True,
            text=True,
        )
        times.append(children() - began)
        if done.returncode == 2 and "no plan: hour " in done.stderr:
            return None
        if done.returncode != 0:
            sys.exit(f"error: {site}: {done.stderr.strip()}")
        cost = json.loads(done.stdout)["cost"]
    return min(times), cost


def quiet() -> highspy.Highs:
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("threads", 1)
    return solver


def highs(model: str, gap: float, runs: int) -> Optional[tuple[float, float]]:
    """The same of HiGHS."""
    times, cost = [], 0.0
    for _ in range(runs):
        solver = quiet()
        solver.setOptionValue("mip_rel_gap", gap)
        if solver.readModel(model) != highspy.HighsStatus.kOk:
            sys.exit(f"error: HiGHS does not read {model}")
        began = time.process_time()
        solver.run()
        times.append(time.process_time() - began)
        status = solver.getModelStatus()
        if status == highspy.HighsModelStatus.kInfeasible:
            return None
        if status != highspy.HighsModelStatus.kOptimal:
            sys.exit(f"error: {model}: HiGHS says {solver.modelStatusToString(status)}")
        cost = solver.getInfo().objective_function_value
    return min(times), cost


def write_model(qedex: str, site: str, model: str) -> None:
    # Also where there is no plan, which is an error.
    subprocess.run([qedex, "plan", "site", "--site", site, "--mps", model], capture_output=True)
    if not os.path.exists(model):
        sys.exit(f"error: {site}: no model was written")


def main() -> None:
    qedex = sys.argv[1]
    totals = [0.0, 0.0]
    # HiGHS greets in its first run: above the table.
    quiet().run()
    print("| day | devices | optimum | ours | HiGHS | ours, s | HiGHS, s | ours to HiGHS |")
    print("|---|---|---:|---:|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as folder:
        for day in ("summer", "winter"):
            with open(os.path.join(DATA, f"cche-{day}.json")) as file:
                base = json.load(file)
            for number, (name, change) in enumerate(CASES):
                case = copy.deepcopy(base)
                change(case)
                if number > 0 and case == base:
                    continue
                site = os.path.join(folder, f"{day}-{number}.json")
                model = os.path.join(folder, f"{day}-{number}.mps")
                with open(site, "w") as file:
                    json.dump(case, file)
                write_model(qedex, site, model)
                best, mine, theirs = highs(model, 0.0, 1), ours(qedex, site), highs(model, GAP, RUNS)
                if best is None or mine is None or theirs is None:
                    if (best, mine, theirs) != (None, None, None):
                        sys.exit(f"error: {day}, {name}: one has a plan, and the other has none")
                    print(f"| {day} | {name} | no plan | no plan | no plan | | | |", flush=True)
                    continue
                optimum = best[1]
                for who, (_, cost) in (("ours", mine), ("HiGHS", theirs)):
                    if not optimum - DIGITS <= cost <= optimum + GAP * abs(optimum):
                        sys.exit(f"error: {day}, {name}: {who} costs {cost}, and the optimum is {optimum}")
                totals = [totals[0] + mine[0], totals[1] + theirs[0]]
                print(
                    f"| {day} | {name} | {optimum:.4f} | {mine[1]:.4f} | {theirs[1]:.4f} "
                    f"| {mine[0]:.3f} | {theirs[0]:.3f} | {mine[0] / theirs[0]:.2f} |",
                    flush=True,
                )
    print(f"| all | | | | | {totals[0]:.3f} | {totals[1]:.3f} | {totals[0] / totals[1]:.2f} |")
    print(f"\nAll costs agree with the optimum, and with each other, to {GAP:.1%}.")


if __name__ == "__main__":
    main()
