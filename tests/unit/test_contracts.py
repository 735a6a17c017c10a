"""The contracts of the published images: about the images that our roles use, and checked by what there is."""

from __future__ import annotations

import pytest
from published.contracts import ROOT, all_contracts, places_of_tests, published_images, read

CONTRACTS = all_contracts()
POINTS = [(contract, point) for contract in CONTRACTS for point in contract.points]


def test_there_are_contracts():
    assert {"n8n", "directus", "fileflows", "lowcoder-ce", "duplicati", "redis"} <= {one.name for one in CONTRACTS}


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.name)
def test_a_contract_is_about_the_image_that_a_role_uses(contract):
    assert contract.image in published_images().values()
    assert contract.points


@pytest.mark.parametrize(("contract", "point"), POINTS, ids=[f"{one.name}-{point.says[:40]}" for one, point in POINTS])
def test_a_point_names_its_source_and_a_check_that_exists(contract, point):
    assert point.upstream
    assert set(point.tests) <= set(places_of_tests())


def test_the_columns_are_told_apart(tmp_path):
    path = tmp_path / "CONTRACT.md"
    path.write_text(
        "`a/b:1.2`.\n\n| point | upstream | checked by |\n|---|---|---|\n"
        "| it runs | Dockerfile | `echo a \\| grep a`, `test_there_are_contracts` |\n| it may | f | not used |\n"
    )
    contract = read(path)
    assert (contract.image, contract.name) == ("a/b:1.2", "b")
    first, second = contract.points
    assert (first.probes, first.tests) == (("echo a | grep a",), ("test_there_are_contracts",))
    assert (second.probes, second.tests) == ((), ())
    assert ROOT.joinpath(places_of_tests()["test_there_are_contracts"]).exists()
