"""The weights that come with the bank: what levels are worth before there are records to learn it from.

From `jingwei evaluate identity --people 5000 --seed 11`: made-up people, fitted without the truth. The
prior is that of a bank of 5,000; whoever uses them for another puts one half over its customers.
"""

from __future__ import annotations

from typing import Final

from jingwei.domains.insight.likeness import Weights

SHIPPED: Final = Weights(
    m={
        "name": {"same": 0.886, "sounds_same": 0.0595, "near": 0.0427, "surname": 0.0103, "other": 0.0013},
        "born": {"same": 0.918, "near": 0.0159, "year": 0.066, "other": 0.000162},
        "certificate": {"same": 0.993, "other": 0.00659},
        "phone": {"same": 0.783, "near": 0.0239, "other": 0.194},
        "email": {"same": 0.846, "near": 0.000359, "other": 0.153},
        "address": {"same": 0.631, "near": 0.171, "other": 0.197},
        "device": {"same": 0.813, "other": 0.187},
    },
    u={
        "name": {
            "same": 4.56e-05,
            "sounds_same": 2.5e-05,
            "near": 0.00117,
            "surname": 0.0263,
            "other": 0.972,
        },
        "born": {"same": 4.95e-05, "near": 0.00112, "year": 0.0193, "other": 0.98},
        "certificate": {"same": 2e-08, "other": 1.0},
        "phone": {"same": 2e-08, "near": 2.5e-05, "other": 1.0},
        "email": {"same": 2e-08, "near": 2.5e-05, "other": 1.0},
        "address": {"same": 0.000256, "near": 0.000275, "other": 0.999},
        "device": {"same": 2e-08, "other": 1.0},
    },
    prior=0.0001,
)
