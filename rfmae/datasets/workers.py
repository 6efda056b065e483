"""Worker pools for synthesis: processes of this machine, or a cluster, by joblib backend."""

import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Generic, TypeVar

from joblib import Parallel, delayed, effective_n_jobs, parallel_config
from joblib.parallel import get_active_backend

from rfmae.errors import DatasetError, first_line, nearest

if TYPE_CHECKING:
    from distributed import Client

BACKENDS = ("loky", "multiprocessing", "threading", "dask", "ray")
"""Names that `worker_pool` takes; the default is that of joblib's configuration."""

_ANSWER_SECONDS = 10
_IDLE_SECONDS = 5  # after which a worker without a task ends
_SAFE_PATH = "PYTHONSAFEPATH"

_ROUND_PER_WORKER = 8
"""Tasks per worker in a round, where a backend does not return results one by one."""

_CLUSTER = "pip install 'rfmae[cluster]'"


Job = TypeVar("Job")
Result = TypeVar("Result")


class Pool:
    """A pool of `jobs` workers, or as many as the backend has by default."""

    def __init__(self, jobs: int | None, backend: str | None, **options: object) -> None:
        """`options` are those of the backend."""
        self._jobs = jobs
        self._backend, self._options = (backend, options) if options else _local_options(backend)

    def each(self, do: Callable[[Job], Result], jobs: Iterable[Job]) -> Iterator[Result]:
        """The results of `do(job)` as they become ready, in any order."""
        local = self._backend not in ("dask", "ray")
        watched = delayed(_WithParent(do, os.getpid()) if local else do)
        calls = (watched(job) for job in jobs)
        with self._chosen():
            try:
                pool = self._parallel("generator_unordered")
            except ValueError:  # this backend returns its results all together
                size = _ROUND_PER_WORKER * effective_n_jobs(self._jobs or -1)
                return self._in_rounds(self._parallel("list"), calls, size)
        return iter(pool(calls))

    def _in_rounds(
        self, pool: Parallel, calls: Iterator[tuple[object, ...]], size: int
    ) -> Iterator[Result]:
        while some := list(islice(calls, size)):
            yield from pool(some)

    def _parallel(self, return_as: str) -> Parallel:
        # a task is long enough, and each is entered in the journal
        return Parallel(n_jobs=self._jobs, batch_size=1, return_as=return_as)

    def _chosen(self) -> AbstractContextManager[object]:
        # joblib knows the names of clusters only here
        if self._backend is None:
            return nullcontext()
        return parallel_config(self._backend, **self._options)


class _WithParent(Generic[Job, Result]):
    """A function that its worker calls only as long as the process lives that has started it."""

    def __init__(self, do: Callable[[Job], Result], parent: int) -> None:
        self._do, self._parent = do, parent

    def __call__(self, job: Job) -> Result:
        if os.getpid() != self._parent:
            _end_with(self._parent)
        return self._do(job)


@cache
def _end_with(parent: int) -> None:
    """Watch the parent of this worker from now on, and end the worker a second after it."""
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


@contextmanager
def worker_pool(
    workers: int, backend: str | None = None, scheduler: str | None = None
) -> Iterator[Pool]:
    """Workers of this machine or of a cluster, which is disconnected at the end.

    `backend` is one of `BACKENDS`; without it, that of `joblib.parallel_config`, or processes of
    this machine. On a cluster every worker must see the folder under the same path. `dask` needs
    the address of a scheduler, or a `dask.distributed.Client` that was made before; `ray` joins
    the cluster that `ray.init` finds.
    """
    if backend is not None and backend not in BACKENDS:
        raise DatasetError(f"unknown backend {backend!r}; {nearest(backend, BACKENDS)}")
    if scheduler is not None and backend != "dask":
        raise DatasetError(
            f"a scheduler belongs to backend 'dask', got backend {backend!r}; add --backend dask"
        )
    jobs = _jobs(workers, backend)
    with _safe_children():
        yield from _pools(jobs, backend, scheduler)


@contextmanager
def _safe_children() -> Iterator[None]:
    """Processes that are started import nothing from the current folder before Python's own."""
    before = os.environ.get(_SAFE_PATH)
    os.environ[_SAFE_PATH] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[_SAFE_PATH]
        else:
            os.environ[_SAFE_PATH] = before


def _pools(jobs: int | None, backend: str | None, scheduler: str | None) -> Iterator[Pool]:
    if backend == "dask":
        with _dask_client(scheduler) as client:
            yield Pool(jobs, backend, client=client)
        return
    if backend == "ray":
        _register_ray()
    yield Pool(jobs, backend)


def _local_options(backend: str | None) -> tuple[str | None, dict[str, object]]:
    """The backend of this machine, whose idle workers end soon, as when their parent was killed."""
    active = type(get_active_backend()[0]).__name__ if backend is None else backend
    if active in ("LokyBackend", "loky"):
        return "loky", {"idle_worker_timeout": _IDLE_SECONDS}
    return backend, {}


def _jobs(workers: int, backend: str | None) -> int | None:
    """The number of parallel tasks; a cluster uses all its workers by default."""
    if workers > 1:
        return workers
    return -1 if backend in ("dask", "ray") else None


@contextmanager
def _dask_client(scheduler: str | None) -> Iterator["Client"]:
    """Connect to a scheduler, or use the current client."""
    try:
        from distributed import Client
    except ImportError as error:
        raise DatasetError(f"backend 'dask' needs dask.distributed; {_CLUSTER}") from error
    if scheduler is None:
        try:
            client = Client.current()
        except ValueError as error:
            raise DatasetError(
                "backend 'dask' needs a cluster; name its --scheduler, such as tcp://host:8786"
            ) from error
        yield client
        return
    try:
        client = Client(scheduler, timeout=_ANSWER_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        raise DatasetError(
            f"no dask scheduler answers at {scheduler!r} ({first_line(error)}); "
            "start one with `dask scheduler`"
        ) from error
    with client:
        yield client


def _register_ray() -> None:
    try:
        from ray.util.joblib import register_ray
    except ImportError as error:
        raise DatasetError(f"backend 'ray' needs ray; {_CLUSTER}") from error
    register_ray()
