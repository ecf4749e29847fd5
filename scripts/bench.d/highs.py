"""Solves a book of orders as a linear programme with HiGHS.

Usage: highs.py BOOK FEE MAX_WH|none

Reads the CSV file that `qedex plan clear` reads. Maximises the sum of (bid - ask - fee) over the
energy of each order, subject to bought = sold and, if given, to the volume cap. Prints the surplus
without the fee, the volume, and the seconds that HiGHS itself spent.
"""

import csv
import json
import sys

import highspy
import numpy as np


def main() -> None:
    path, fee, most = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    is_bid = np.array([row["side"] == "bid" for row in rows])
    # In thousandths of a QED: whole plancks have too many digits for a solver in floating point.
    price = np.array([int(row["price_per_kwh"]) for row in rows], dtype=float) / 1e9
    energy = np.array([int(row["wh"]) for row in rows], dtype=float)
    count = len(rows)

    model = highspy.HighsLp()
    model.num_col_ = count
    model.num_row_ = 1 if most == "none" else 2
    model.sense_ = highspy.ObjSense.kMaximize
    model.col_cost_ = np.where(is_bid, price - fee / 1e9, -price)
    model.col_lower_ = np.zeros(count)
    model.col_upper_ = energy
    places = np.arange(count, dtype=np.int32)
    balance = np.where(is_bid, 1.0, -1.0)
    matrix = model.a_matrix_
    matrix.format_ = highspy.MatrixFormat.kRowwise
    if most == "none":
        model.row_lower_ = np.array([0.0])
        model.row_upper_ = np.array([0.0])
        matrix.start_ = np.array([0, count], dtype=np.int32)
        matrix.index_ = places
        matrix.value_ = balance
    else:
        bids = places[is_bid]
        model.row_lower_ = np.array([0.0, 0.0])
        model.row_upper_ = np.array([0.0, float(most)])
        matrix.start_ = np.array([0, count, count + len(bids)], dtype=np.int32)
        matrix.index_ = np.concatenate([places, bids])
        matrix.value_ = np.concatenate([balance, np.ones(len(bids))])

    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.passModel(model)
    solver.run()
    fills = np.array(solver.getSolution().col_value)
    volume = float(fills[is_bid].sum())
    surplus = float(np.where(is_bid, price, -price) @ fills)
    print(json.dumps({"surplus": surplus, "volume": volume, "seconds": solver.getRunTime()}))


if __name__ == "__main__":
    main()
