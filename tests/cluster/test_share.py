"""How nodes are shared out."""

from lookalike.cluster.share import shares
from lookalike.crew import Share


def test_a_node_has_a_worker_a_core_and_eight_at_most() -> None:
    assert shares([{"CPU": 4.0}, {"CPU": 1.0}]) == [Share(1)] * 5
    assert shares([{"CPU": 20.0}]) == [Share(3)] * 4 + [Share(2)] * 4


def test_workers_take_as_many_cores_as_they_are_given() -> None:
    assert shares([{"CPU": 2.0}], 1) == [Share(1), Share(1)]
    assert shares([{"CPU": 2.0}], 64) == [Share(2)]


def test_each_gpu_has_a_worker_with_its_share_of_the_cores() -> None:
    assert shares([{"CPU": 16.0, "GPU": 4.0}, {"CPU": 1.0}]) == [*[Share(4, 1)] * 4, Share(1)]


def test_a_cluster_that_has_no_room_yet_is_asked_for_a_core() -> None:
    assert shares([]) == shares([{"memory": 1e9}]) == [Share(1)]
