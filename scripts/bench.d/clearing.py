"""Compares `qedex plan clear` with HiGHS on the same books, as ratios.

Usage: clearing.py QEDEX [ORDERS...]

Both run as whole commands: start, reading the file, clearing, printing. The second ratio sets the time
that HiGHS itself spends against our whole command. Each time is the best of three runs.
"""

import json
import os
import random
import subprocess
import sys
import tempfile
import time

FEE, CAP, TICK = 20_000_000_000, 300_000_000_000, 300_000_000
HERE = os.path.dirname(os.path.abspath(__file__))


def write_book(path: str, orders: int) -> None:
    draw = random.Random(orders)
    with open(path, "w") as file:
        file.write("side,account,price_per_kwh,wh\n")
        for number in range(orders):
            side = draw.choice(("bid", "ask"))
            price, energy = draw.randrange(1001) * TICK, draw.randrange(1, 100) * 100
            file.write(f"{side},a{number},{price},{energy}\n")


def best(command: list[str], runs: int) -> tuple[float, dict]:
    times, answer = [], {}
    for _ in range(runs):
        began = time.perf_counter()
        done = subprocess.run(command, check=True, capture_output=True)
        times.append(time.perf_counter() - began)
        # HiGHS greets on its first line.
        answer = json.loads(done.stdout.splitlines()[-1])
    return min(times), answer


def main() -> None:
    qedex = sys.argv[1]
    sizes = [int(size) for size in sys.argv[2:]] or [1_000, 10_000, 100_000, 200_000, 1_000_000]
    print("| orders | ours, s | HiGHS, s | whole commands | HiGHS alone, s | HiGHS alone to our command |")
    print("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for size in sizes:
            book = os.path.join(folder, "book.csv")
            write_book(book, size)
            ours, cleared = best(
                [qedex, "plan", "clear", "--book", book, "--rule", "uniform", "--fee", f"{FEE}plancks"]
                + ["--floor", "0", "--cap", f"{CAP}plancks", "--tick", f"{TICK}plancks", "--lot", "100", "--json"],
                3,
            )
            highs = [sys.executable, os.path.join(HERE, "highs.py"), book, str(FEE), "none"]
            theirs, solved = best(highs, 3 if size <= 200_000 else 1)
            alone = solved["seconds"]
            # Net of the fee, because the fee's own volume at the margin is worth nothing.
            net = lambda surplus, volume: surplus - FEE / 1e9 * volume
            mine = net(int(cleared["surplus_milliplancks"]) / 1e9, cleared["volume_wh"])
            other = net(solved["surplus"], solved["volume"])
            if abs(mine - other) > 1e-6 * max(abs(mine), 1.0):
                sys.exit(f"error: the optimum differs at {size} orders: {mine} and {other}")
            print(
                f"| {size} | {ours:.3f} | {theirs:.3f} | {theirs / ours:.1f} "
                f"| {alone:.3f} | {alone / ours:.1f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
