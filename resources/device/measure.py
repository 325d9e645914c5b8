#!/usr/bin/env python3
"""Measures the .tflite files of a bundle on this device and writes results.json.

Needs Python 3.9 or newer, NumPy, and ai-edge-litert or tflite-runtime. Run it again after an interruption: it goes on.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import hashlib
import json
import math
import os
import platform
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

FORMAT = 1
KIND = "nutshell-device-results"
HERE = Path(__file__).resolve().parent
WARM_UP_RUNS = 5
RUNS_A_TURN = 3
FEWEST_ROUNDS, MOST_ROUNDS, LEAST_ROUNDS = 10, 100, 3
SECONDS_A_FILE = 3.0
MOST_SECONDS_A_FILE = 45.0
IDLE_S = 5.0
MOST_SECONDS, MOST_ENERGY_S, MOST_THREADS = 3600, 600, 1024
SETTLE_S, RUN_IN_S = 0.02, 0.003
NO_PROFILE = "The Python packages of LiteRT and TensorFlow Lite give no times of single operators."
STOPPED, FAILED, BAD_INPUT = 130, 3, 2


class Refused(Exception):
    """A sentence for the user."""


class Interrupted(Exception):
    """Ctrl-C, a polite kill, or the end of the connection."""


def digest_of(body):
    """SHA-256 of a document, whatever its spacing."""
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def file_digest(path):
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        for block in iter(lambda: stream.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def write_whole(path, document):
    """Under another name first, so that a power cut leaves the old file or the new one."""
    part = path.with_name(path.name + ".part")
    with part.open("w", encoding="ascii") as stream:
        json.dump(document, stream, allow_nan=False)
        stream.flush()
        os.fsync(stream.fileno())
    part.replace(path)


def read_text(path):
    """Empty where there is none."""
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace").strip("\0\n ")
    except OSError:
        return ""


def now():
    return datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds")


def runtime():
    """(class, package, version) of what runs .tflite files here."""
    from importlib.metadata import version

    try:
        from ai_edge_litert.interpreter import Interpreter

        return Interpreter, "ai-edge-litert", version("ai-edge-litert")
    except ImportError as error:
        why = error
    try:
        from tflite_runtime.interpreter import Interpreter

        return Interpreter, "tflite-runtime", version("tflite-runtime")
    except ImportError:
        raise Refused(
            f"Neither ai-edge-litert nor tflite-runtime can be loaded ({why}); start run.sh, which installs one."
        ) from None


def cpu_name():
    found = {}
    for line in read_text("/proc/cpuinfo").splitlines():
        key, colon, value = line.partition(":")
        if colon:
            found.setdefault(key.strip(), value.strip())
    if sys.platform == "darwin":
        asked = ["/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string"]
        found["model name"] = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
    name = found.get("model name") or found.get("Hardware") or platform.processor()
    return " ".join(name.split()) or platform.machine()


def cores():
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def machine(name):
    """What it is measured on. Of the computer's name only a hash is told."""
    import numpy

    _, package, version = runtime()
    board = read_text("/proc/device-tree/model") or read_text("/sys/devices/virtual/dmi/id/product_name")
    memory = [line.split()[1] for line in read_text("/proc/meminfo").splitlines() if line.startswith("MemTotal:")]
    return {
        "name": name or board or cpu_name(),
        "board": board,
        "cpu": cpu_name(),
        "cores": cores(),
        "architecture": platform.machine(),
        "system": platform.system(),
        "kernel": platform.release(),
        "memory_bytes": int(memory[0]) * 1024 if memory else 0,
        "python": platform.python_version(),
        "runtime": package,
        "runtime_version": version,
        "numpy": numpy.__version__,
        "host": hashlib.sha256(platform.node().encode()).hexdigest()[:8],
    }


def conditions():
    """Temperatures and clocks, where Linux tells them."""
    temperatures = {}
    for zone in sorted(Path("/sys/class/thermal").glob("thermal_zone*")):
        text = read_text(zone / "temp")
        if text.lstrip("-").isdigit():
            temperatures[f"{zone.name} {read_text(zone / 'type')}"] = int(text) / 1000
    processors = Path("/sys/devices/system/cpu")
    clocks = [read_text(one) for one in sorted(processors.glob("cpu[0-9]*/cpufreq/scaling_cur_freq"))]
    return {
        "at": now(),
        "temperatures_c": temperatures,
        "clocks_mhz": [int(one) / 1000 for one in clocks if one.isdigit()],
        "governor": read_text(processors / "cpu0/cpufreq/scaling_governor"),
    }


class Network:
    """One file, fed float32 images as the bundle has them."""

    def __init__(self, path, threads):
        self._interpreter = runtime()[0](model_path=str(path), num_threads=threads)
        self._interpreter.allocate_tensors()
        self._input = self._interpreter.get_input_details()[0]
        self._output = self._interpreter.get_output_details()[0]
        self.invoke = self._interpreter.invoke

    def set_image(self, image):
        import numpy as np

        if self._input["dtype"] != np.float32:
            scale, zero_point = self._input["quantization"]
            limits = np.iinfo(self._input["dtype"])
            image = np.clip(np.rint(image / scale + zero_point), limits.min, limits.max)
        self._interpreter.set_tensor(self._input["index"], image.astype(self._input["dtype"])[None])

    def output(self):
        import numpy as np

        values = self._interpreter.get_tensor(self._output["index"])[0]
        if values.dtype == np.float32:
            return np.array(values)
        scale, zero_point = self._output["quantization"]
        return (values.astype(np.float32) - zero_point) * np.float32(scale)


def decided(output):
    """A single value is the probability of the second class."""
    return int(output[0] >= 0.5) if len(output) == 1 else int(output.argmax())


def peak_bytes(name="VmHWM:"):
    for line in read_text("/proc/self/status").splitlines():
        if line.startswith(name):
            return int(line.split()[1]) * 1024
    try:
        import resource
    except ImportError:
        return 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def check(job, tell):
    """In a process of its own: load one file, answer for all images; how long and how much memory that takes."""
    import numpy as np

    runtime()
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    before = peak_bytes("VmRSS:")
    began = time.perf_counter()
    network = Network(job["file"], 1)
    loaded = time.perf_counter()
    images = np.load(job["images"], mmap_mode="r")
    network.set_image(np.array(images[0]))
    invoked = time.perf_counter()
    network.invoke()
    first = time.perf_counter() - invoked
    for _ in range(RUNS_A_TURN - 1):
        network.invoke()
    peak = max(peak_bytes() - before, 0)
    expected = np.load(job["expected"])
    predicted, highest, largest, began_answers = [], [], 0.0, time.perf_counter()
    for image, wanted in zip(images, expected):
        network.set_image(np.array(image))
        network.invoke()
        output = network.output()
        if not np.isfinite(output).all():
            raise Refused(f"It gives no numbers (NaN or infinity) here for image {len(predicted)}.")
        predicted.append(decided(output))
        highest.append(round(float(output.max()), 6))
        largest = max(largest, float(np.abs(output - wanted).max()))
    tell(
        {
            "load_ms": 1e3 * (loaded - began),
            "first_ms": 1e3 * first,
            "peak_memory_bytes": peak,
            "answers": {
                "images": len(predicted),
                "seconds": time.perf_counter() - began_answers,
                "predicted": predicted,
                "highest": highest,
                "largest_difference": largest,
            },
        }
    )


def warm(one):
    import numpy as np

    network = Network(one["file"], one["threads"])
    network.set_image(np.array(np.load(one["images"], mmap_mode="r")[0]))
    for _ in range(WARM_UP_RUNS):
        network.invoke()
    return network


def time_rounds(job, tell):
    """All files in turn, each round in another order, so that a processor that gets hot slows all alike."""
    networks = [warm(one) for one in job["pairs"]]
    number = job["done"]
    while True:
        began = time.perf_counter()
        runs = [None] * len(networks)
        for count in sorted({one["threads"] for one in job["pairs"]}):
            # Those with fewer threads first: idle threads of the others spin for a moment, on a core that is needed.
            places = [place for place, one in enumerate(job["pairs"]) if one["threads"] == count]
            for place in random.Random(number).sample(places, len(places)):
                run_in(networks[place])
                runs[place] = [timed(networks[place]) for _ in range(RUNS_A_TURN)]
            time.sleep(SETTLE_S)
        number += 1
        tell({"runs": runs, "seconds": time.perf_counter() - began, "conditions": conditions()})


def run_in(network):
    """Runs that do not count: the first after another file finds a cold cache, and a core that slept a slow clock."""
    until = time.perf_counter() + RUN_IN_S
    network.invoke()
    while time.perf_counter() < until:
        network.invoke()


def timed(network):
    began = time.perf_counter()
    network.invoke()
    return round(1e3 * (time.perf_counter() - began), 6)


def burn(job, tell):
    """One file without a pause, for a power meter."""
    network, count, began, clock = warm(job), 0, time.time(), time.perf_counter()
    until = clock + job["seconds"]
    while time.perf_counter() < until:
        network.invoke()
        count += 1
    tell({"began": began, "ended": began + time.perf_counter() - clock, "inferences": count})


JOBS = {"check": check, "time": time_rounds, "burn": burn}


def child():
    """Read a job from stdin, tell JSON lines, and end when the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)
    job = json.loads(sys.stdin.buffer.readline())

    def end_with_parent():
        while os.read(0, 1024):
            pass
        os._exit(STOPPED)

    threading.Thread(target=end_with_parent, daemon=True).start()

    def tell(document):
        answers.write(json.dumps(document) + "\n")
        answers.flush()

    try:
        JOBS[job["job"]](job, tell)
    except (Refused, ValueError, RuntimeError, OSError, MemoryError) as error:
        text = (str(error).strip().splitlines() or [type(error).__name__])[0]
        tell({"error": text})
    return 0


class Child:
    """A process that does one job; killed when the block ends."""

    def __init__(self, job):
        self._job = job

    def __enter__(self):
        with (HERE / "measure.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, str(HERE / "measure.py"), "--child"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        self._process.stdin.write(json.dumps(self._job).encode() + b"\n")
        self._process.stdin.flush()
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.wait()

    def answer(self):
        line = self._process.stdout.readline()
        if not line:
            code = self._process.wait()
            how = f"signal {-code}" if code < 0 else f"exit code {code}"
            return {"error": f"The process that ran it ended ({how}); measure.log may say why."}
        return json.loads(line)


class Measurement:
    """The whole work; what is done is kept after each step."""

    def __init__(self, chosen):
        self.manifest = read_manifest()
        self.chosen = chosen
        self.partial = chosen.out.with_name(chosen.out.name + ".unfinished")
        self.machine = machine(chosen.name)
        all_threads = chosen.threads or cores()
        self.threads = sorted({1, all_threads})
        self.key = [self.manifest["bundle"], self.machine, self.threads, chosen.seconds]
        self.state = self._kept() or {
            "key": self.key, "begun": now(), "resumed": 0, "before": conditions(), "models": {}, "rounds": [],
            "planned": 0, "order": [], "energy": [], "idle": [],
        }  # fmt: skip

    def _kept(self):
        try:
            state = json.loads(self.partial.read_text(encoding="ascii"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError):
            say("What an interrupted measurement left is damaged; it begins again.")
            return None
        # Through JSON, as the kept one was.
        if state.get("key") != json.loads(json.dumps(self.key)):
            say("An interrupted measurement was of another device, bundle or setting; it begins again.")
            return None
        state["resumed"] += 1
        say(f"Going on where it was interrupted: {len(state['models'])} files checked, {len(state['rounds'])} rounds.")
        return state

    def keep(self):
        write_whole(self.partial, self.state)

    def run(self):
        models = self.manifest["models"]
        checked = []
        for place, model in enumerate(models):
            if model["name"] in self.state["models"]:
                continue
            left = sum(checked) / len(checked) * (len(models) - place) + self._timing_s() if checked else None
            tell_progress(self._share(0, place / len(models)), "checking {}".format(model["name"]), left)
            began = time.monotonic()
            with Child(self._job(model, job="check")) as process:
                self.state["models"][model["name"]] = process.answer()
            checked.append(time.monotonic() - began)
            self.keep()
        self._time()
        if self.chosen.energy:
            self._burn()
        return self._finished()

    def _job(self, model, **more):
        images = self.manifest["image_sets"][model["set"]]["file"]
        paths = {"file": model["file"], "images": images, "expected": model["expected"]}
        return {**{key: str(HERE / path) for key, path in paths.items()}, **more}

    def _pairs(self):
        """(model, threads) of all files that run here."""
        runs = [one for one in self.manifest["models"] if not self.state["models"][one["name"]].get("error")]
        return [(one, threads) for one in runs for threads in self.threads]

    def _share(self, stage, part):
        """Of all work, 0 to 1: checking, timing, energy."""
        weights = (0.3, 0.7, 1.0 if self.chosen.energy else 0.0)
        return (sum(weights[:stage]) + weights[stage] * part) / sum(weights)

    def _timing_s(self):
        return self.chosen.seconds * len(self.manifest["models"]) * len(self.threads)

    def _time(self):
        pairs, rounds = self._pairs(), self.state["rounds"]
        if not pairs or (self.state["planned"] and len(rounds) >= self.state["planned"]):
            return
        tell_progress(self._share(1, 0), "warming up", None)
        job = {"job": "time", "done": len(rounds), "pairs": [self._job(one, threads=count) for one, count in pairs]}
        with Child(job) as process:
            while not self.state["planned"] or len(rounds) < self.state["planned"]:
                told = process.answer()
                if told.get("error"):
                    raise Refused("Timing failed: {}".format(told["error"]))
                rounds.append(told)
                if not self.state["planned"]:
                    self.state["planned"] = planned_rounds(told["seconds"] / len(pairs), self.chosen.seconds)
                self.keep()
                left = (self.state["planned"] - len(rounds)) * sum(one["seconds"] for one in rounds) / len(rounds)
                text = f"timing, round {len(rounds)} of {self.state['planned']}"
                tell_progress(self._share(1, len(rounds) / self.state["planned"]), text, left)

    def _burn(self):
        pairs, seconds = self._pairs(), self.chosen.energy
        done = {(one["model"], one["threads"]) for one in self.state["energy"]}
        for place, (model, threads) in enumerate(pairs):
            if (model["name"], threads) in done:
                continue
            left = (len(pairs) - place) * (seconds + IDLE_S)
            tell_progress(
                self._share(2, place / len(pairs)), "running {} for the power meter".format(model["name"]), left
            )
            began, clock = time.time(), time.perf_counter()
            # Of different lengths, so that a meter's curve fits in one place only.
            time.sleep(min(IDLE_S, seconds) * (1 + place % 3 / 2))
            idle = {"began": began, "ended": began + time.perf_counter() - clock}
            with Child(self._job(model, job="burn", threads=threads, seconds=seconds)) as process:
                told = process.answer()
            if told.get("error"):
                raise Refused("{}: {}".format(model["name"], told["error"]))
            self.state["energy"].append({"model": model["name"], "threads": threads, **told})
            self.state["idle"].append(idle)
            self.keep()

    def _finished(self):
        pairs = self._pairs()
        models = []
        for model in self.manifest["models"]:
            latency = {}
            for place, (one, threads) in enumerate(pairs):
                if one is model:
                    latency[str(threads)] = latency_of([told["runs"][place] for told in self.state["rounds"]])
            digest = self.manifest["files"][model["file"]]["sha256"]
            found = {"name": model["name"], "sha256": digest, "error": "", "latency": latency}
            models.append({**found, **self.state["models"][model["name"]]})
        series = [{"seconds": told["seconds"], **told["conditions"]} for told in self.state["rounds"]]
        body = {
            "format": FORMAT, "kind": KIND, "bundle": self.manifest["bundle"], "run": self.manifest["run"],
            "begun": self.state["begun"], "ended": now(), "resumed": self.state["resumed"], "machine": self.machine,
            "before": self.state["before"], "after": conditions(), "rounds": series, "models": models,
            "profile": None, "profile_note": NO_PROFILE,
            "energy": self.state["energy"], "idle": self.state["idle"],
        }  # fmt: skip
        return {**body, "digest": digest_of(body)}


def planned_rounds(seconds_a_pair, wanted):
    rounds = math.ceil(wanted / max(seconds_a_pair, 1e-6))
    affordable = max(LEAST_ROUNDS, int(MOST_SECONDS_A_FILE / max(seconds_a_pair, 1e-6)))
    return min(max(rounds, FEWEST_ROUNDS), MOST_ROUNDS, affordable)


def latency_of(turns):
    import numpy as np

    runs = [one for turn in turns for one in turn]
    p50, p95 = (float(one) for one in np.percentile(runs, (50, 95)))
    return {"p50_ms": p50, "p95_ms": p95, "mean_ms": sum(runs) / len(runs), "turns_ms": turns}


def read_manifest():
    """The bundle's list of its files, each with the hash that it must have."""
    try:
        manifest = json.loads((HERE / "manifest.json").read_text(encoding="utf-8"))
        files = manifest["files"]
    except (OSError, ValueError, KeyError):
        raise Refused("manifest.json is missing or damaged; unpack the bundle again.") from None
    for name, told in files.items():
        path = HERE / name
        if not path.is_file() or file_digest(path) != told["sha256"]:
            raise Refused(f"{name} is missing or not as it was packed; unpack the bundle again.")
    return manifest


def say(text):
    print(text, flush=True)


def duration(seconds):
    return f"{round(seconds)} s" if seconds < 90 else f"{round(seconds / 60)} min"


def tell_progress(share, text, left):
    say(f"[{int(100 * share):3d} %] {text}{'' if left is None else f', about {duration(left)} left'}")


def tell_results(results, manifest):
    sizes = {one["name"]: manifest["image_sets"][one["set"]]["evaluation_images"] for one in manifest["models"]}
    for model in results["models"]:
        if model["error"]:
            say("{}: does not run here: {}".format(model["name"], model["error"]))
            continue
        count = sizes[model["name"]]
        for threads, found in model["latency"].items():
            whole, many = (found["mean_ms"] * images / 1e3 for images in (count, 10000))
            say(f"{model['name']}, {threads} thread(s): p50 {found['p50_ms']:.3f} ms, p95 {found['p95_ms']:.3f} ms")
            say(f"    scaled: {whole:.1f} s for the evaluation set of {count} images, {many:.1f} s for 10,000")


def hold_alone():
    """Two measurements at once would disturb each other."""
    try:
        import fcntl
    except ImportError:
        return None
    lock = (HERE / "measure.lock").open("a")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise Refused("Another measure.py measures in this folder; wait until it has ended.") from None
    return lock


def interrupt(number, frame):
    raise Interrupted


def parse(arguments):
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add("--out", type=Path, default=HERE / "results.json", help="default: results.json beside this file")
    add("--name", default="", help="what to call this device")
    add("--threads", type=int, default=0, help="the larger number of threads; default: all")
    add("--seconds", type=float, default=SECONDS_A_FILE, help="of timing per file and number of threads")
    add("--energy", type=float, default=0.0, metavar="SECONDS", help="then run each file so long, for a power meter")
    chosen = parser.parse_args(arguments)
    # Written so that NaN is refused as well.
    if not 0 < chosen.seconds <= MOST_SECONDS:
        parser.error(f"--seconds has to be more than 0 and at most {MOST_SECONDS}")
    if not 0 <= chosen.energy <= MOST_ENERGY_S:
        parser.error(f"--energy has to be 0 to {MOST_ENERGY_S}")
    if not 0 <= chosen.threads <= MOST_THREADS:
        parser.error(f"--threads has to be 0 to {MOST_THREADS}")
    if chosen.out.is_dir() or not chosen.out.name or not chosen.out.absolute().parent.is_dir():
        parser.error("--out has to name a file in a folder that exists")
    return chosen


def main(arguments):
    if arguments[:1] == ["--child"]:
        return child()
    chosen = parse(arguments)
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        # Who runs it under nohup wants it to outlive the terminal.
        if hasattr(signal, name) and signal.getsignal(getattr(signal, name)) is not signal.SIG_IGN:
            signal.signal(getattr(signal, name), interrupt)
    try:
        lock = hold_alone()
        work = Measurement(chosen)
        results = work.run()
        write_whole(chosen.out, results)
        work.partial.unlink()
        tell_results(results, work.manifest)
        say(f"Wrote {chosen.out}.")
    except Refused as error:
        say(str(error))
        return BAD_INPUT
    except Interrupted:
        say("Stopped. What is done is kept; start it again to go on.")
        return STOPPED
    except OSError as error:
        say(f"That did not work: {error}")
        return FAILED
    del lock
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
