"""A worker process that dies of every picture whose name says so."""

import sys

from lookalike.crew.process import work
from tests.cluster.workers import Mortal

if __name__ == "__main__":
    work(Mortal(int(sys.argv[1])))
