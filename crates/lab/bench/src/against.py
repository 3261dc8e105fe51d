"""What `bench compute --against ray,dask` compares with: two workers, the same tasks, on the same machine.

Prints three numbers: tasks a second that do nothing, milliseconds for one (median), and the share of two cores that 10,000
tasks of 10 ms keep busy. Needs `pip install ray==2.60.0 'dask[distributed]==2026.8.0'`.
"""

import statistics
import sys
import time

NOOPS, SINGLES, SHORT, SECONDS = 5_000, 300, 10_000, 0.010


def nothing(_):
    return None


def spin(_):
    end = time.thread_time() + SECONDS
    while time.thread_time() < end:
        pass


def measure(run_all, run_one):
    run_all(nothing, 200)
    rates = []
    for _ in range(3):
        begun = time.perf_counter()
        run_all(nothing, NOOPS)
        rates.append(NOOPS / (time.perf_counter() - begun))
    times = []
    for number in range(SINGLES):
        begun = time.perf_counter()
        run_one(nothing, number)
        times.append((time.perf_counter() - begun) * 1_000)
    begun = time.perf_counter()
    run_all(spin, SHORT)
    busy = SHORT * SECONDS / (2 * (time.perf_counter() - begun))
    print(statistics.median(rates), statistics.median(times), busy)


def ray_run():
    import ray

    ray.init(num_cpus=2, include_dashboard=False, logging_level="ERROR")
    tasks = {function: ray.remote(function) for function in (nothing, spin)}
    measure(
        lambda function, count: ray.get([tasks[function].remote(number) for number in range(count)]),
        lambda function, number: ray.get(tasks[function].remote(number)),
    )


def dask_run():
    from dask.distributed import Client, LocalCluster

    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster, Client(cluster) as client:
        measure(
            lambda function, count: client.gather(client.map(function, range(count), pure=False)),
            lambda function, number: client.submit(function, number, pure=False).result(),
        )


if __name__ == "__main__":
    {"ray": ray_run, "dask": dask_run}[sys.argv[1]]()
