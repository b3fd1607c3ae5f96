"""Threads that share out one search among the cores."""

import os
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import faiss

COUNT = os.cpu_count() or 1


@cache
def cores() -> ThreadPoolExecutor:
    """As many threads as there are cores, each of which FAISS leaves to itself.

    The threads that FAISS would start of its own wait for each other by turning round and round,
    which takes the cores from everybody else.
    """
    return ThreadPoolExecutor(COUNT, "search", initializer=faiss.omp_set_num_threads, initargs=(1,))
