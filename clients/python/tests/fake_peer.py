"""A peer in memory for the tests: HTTP on a Unix socket, with jobs that are done late, out of order, and by Python functions.

It refuses what the real one refuses: unknown arguments, bodies that are too large, pushes to closed jobs.
"""

import base64
import hashlib
import heapq
import itertools
import json
import os
import shutil
import socketserver
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler
from urllib.parse import unquote

INLINE_SIZE_MAX = 64 * 1024
MAP = set(
    "program web in range items is_open arguments reduce out name trust people quorum spot deputies seconds memory priority "
    "fuel exact_nan anew is_fleeting".split()
)
ARGUMENTS = {
    "compute.map": MAP,
    "compute.push": {"id", "items", "is_last"},
    "compute.wait": {"id", "after"},
    "compute.results": {"id", "from", "limit"},
    "compute.jobs": {"all"},
    **{f"compute.{name}": {"id"} for name in ("job", "cancel", "forget", "pause", "resume")},
}


class Fault(Exception):
    def __init__(self, status, code, kind, what, remedies=()):
        super().__init__(what)
        self.status = status
        self.body = {"code": code, "kind": kind, "what": what, "remedies": list(remedies)}


class Job:
    def __init__(self, id, said):
        self.id = id
        self.said = said
        self.inputs = []
        self.is_open = bool(said.get("is_open"))
        self.state = "running"
        self.note = ""
        self.order = []  # Views in the order in which they came.

    def view(self):
        return {
            "id": self.id,
            "name": self.said.get("name") or os.path.basename(self.said["program"]),
            "web": self.said.get("web", "family"),
            "state": self.state,
            "note": self.note,
            "done": len(self.order),
            "total": len(self.inputs),
            "is_over": self.is_over,
            "is_open": self.is_open,
        }

    @property
    def is_over(self):
        return self.state in ("done", "failed", "cancelled")


class FakePeer:
    """`unit(number, arguments, input) -> bytes` is the program; `delay(number) -> seconds` when its result comes."""

    def __init__(self, unit, delay=lambda number: 0.0, body_max=256 * 1024, wait_seconds=0.3):
        self.unit = unit
        self.delay = delay
        self.body_max = body_max
        self.wait_seconds = wait_seconds
        self.home = tempfile.mkdtemp(prefix="althing-fake-")
        self.changed = threading.Condition()
        self.jobs = {}
        self.forgotten = []
        self.contents = {}
        self.answered = {}
        self.asked = []
        self.pushes = []
        # Operations whose next answer is lost after they were carried out.
        self.lose = []
        self._ids = itertools.count(0x5B0C)
        self._due = []
        self._server = None
        self._is_gone = False
        threading.Thread(target=self._work, daemon=True).start()
        self.start()

    # --- The socket.

    def start(self):
        path = os.path.join(self.home, "althing.sock")
        if os.path.exists(path):
            os.remove(path)
        peer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                peer.get(self)

            def do_POST(self):
                peer.post(self)

        class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, request, address):
                pass

        self._server = Server(path, Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()
        os.remove(os.path.join(self.home, "althing.sock"))
        with self.changed:
            self._server = None
            self.changed.notify_all()

    def close(self):
        if self._server is not None:
            self.stop()
        self._is_gone = True
        shutil.rmtree(self.home, ignore_errors=True)

    def get(self, request):
        content = self.contents.get(unquote(request.path)[len("/content/") :])
        if content is None:
            self._answer(request, 404, Fault(404, "gateways.nothing-here", "yours", "there is nothing at this address").body)
        else:
            self._answer_bytes(request, 200, content)

    def post(self, request):
        operation = request.path[len("/api/") :]
        length = int(request.headers["content-length"])
        if length > self.body_max:
            # As the real one: refused before it is read.
            fault = Fault(413, "gateways.too-large", "yours", f"the request's body is larger than {self.body_max} bytes")
            self._answer(request, 413, fault.body)
            request.close_connection = True
            return
        body = request.rfile.read(length)
        arguments = json.loads(body)
        server = self._server
        once = request.headers.get("idempotency-key")
        with self.changed:
            self.asked.append(operation)
            known = self.answered.get(once) if once else None
            if known is not None and known[0] != (operation, body):
                raise AssertionError("an operation id was used for two questions")
            if known is None:
                try:
                    answer = (200, self.act(operation, arguments, server))
                except Fault as fault:
                    answer = (fault.status, fault.body)
                if once:
                    self.answered[once] = ((operation, body), answer)
            else:
                answer = known[1]
            is_lost = operation in self.lose
            if is_lost:
                self.lose.remove(operation)
        # A peer that has stopped meanwhile does not answer.
        if is_lost or server is not self._server:
            request.close_connection = True
            return
        self._answer(request, *answer)

    def _answer(self, request, status, value):
        self._answer_bytes(request, status, json.dumps(value).encode())

    def _answer_bytes(self, request, status, body):
        request.send_response(status)
        request.send_header("content-length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    # --- Operations.

    def act(self, operation, arguments, server):
        if operation not in ARGUMENTS:
            raise Fault(404, "gateways.unknown-operation", "yours", f"there is no operation {operation}")
        unknown = set(arguments) - ARGUMENTS[operation]
        if unknown:
            raise Fault(400, "gateways.bad-arguments", "yours", f"{operation} cannot be asked like this: {unknown}")
        if operation == "compute.jobs":
            return {"jobs": [{**job.view(), "owner": "you", "since": 0} for job in self.jobs.values()]}
        if operation == "compute.map":
            return self.map(arguments)
        job = self.job(arguments["id"])
        if operation == "compute.job":
            return job.view()
        if operation == "compute.push":
            return self.push(job, arguments)
        if operation == "compute.wait":
            return self.wait(job, arguments.get("after", 0), server)
        if operation == "compute.results":
            return self.results(job, arguments)
        if operation == "compute.cancel":
            self.expect(not job.is_over, "cancel", job)
            job.state = "cancelled"
        elif operation == "compute.forget":
            self.expect(job.is_over, "forget", job)
            del self.jobs[job.id]
            self.forgotten.append(job.id)
            return {"name": job.view()["name"]}
        self.changed.notify_all()
        return job.view()

    @staticmethod
    def expect(is_so, verb, job):
        if not is_so:
            raise Fault(400, "compute.wrong-state", "yours", f"cannot {verb} {job.said['program']}: it is {job.state}")

    def job(self, name):
        found = [job for id, job in self.jobs.items() if id.startswith(name)]
        if len(found) != 1:
            remedy = {"command": "althing jobs list", "text": "lists jobs"}
            raise Fault(400, "compute.no-such-job", "yours", f"there is no job {name} on this computer", [remedy])
        return found[0]

    def map(self, said):
        if said["program"].endswith("/missing.wasm"):
            raise Fault(400, "compute.bad-program", "yours", f"{said['program']} cannot run: it is not there")
        job = Job(f"{next(self._ids):032x}"[::-1], said)
        self.jobs[job.id] = job
        if "range" in said:
            self.add(job, [b""] * said["range"])
        self.add(job, [base64.b64decode(item) for item in said.get("items", [])])
        self.end_if_done(job)
        return job.view()

    def push(self, job, arguments):
        self.expect(job.is_open and not job.is_over, "push to", job)
        items = [base64.b64decode(item, validate=True) for item in arguments.get("items", [])]
        if len(items) > 10_000 or sum(map(len, arguments.get("items", []))) > 8 * 1024 * 1024 * 4 // 3 + 4:
            raise Fault(400, "compute.bad-item", "yours", "item 0 cannot be used: too many")
        for place, item in enumerate(items):
            if len(item) > 256 * 1024 or item == b"refuse me":
                raise Fault(400, "compute.bad-item", "yours", f"item {place} cannot be used: it is refused")
        first = len(job.inputs)
        self.pushes.append(len(items))
        self.add(job, items)
        if arguments.get("is_last"):
            job.is_open = False
            self.end_if_done(job)
        return {"first": first, "total": len(job.inputs)}

    def add(self, job, items):
        for item in items:
            unit = len(job.inputs)
            job.inputs.append(item)
            heapq.heappush(self._due, (time.monotonic() + self.delay(unit), unit, job.id))
        self.changed.notify_all()

    def wait(self, job, after, server):
        until = time.monotonic() + self.wait_seconds
        while len(job.order) <= after and not job.is_over and self._server is server:
            left = until - time.monotonic()
            if left <= 0:
                break
            self.changed.wait(left)
        results = job.order[after : after + 1_000]
        end = min(after + 1_000, max(len(job.order), after))
        return {"results": results, "next": end, "is_over": job.is_over and end >= len(job.order), "state": job.state}

    def results(self, job, arguments):
        start, limit = arguments.get("from", 0), arguments.get("limit", 100)
        views = sorted((view for view in job.order if view["unit"] >= start), key=lambda view: view["unit"])
        some = views[:limit]
        end = some[-1]["unit"] + 1 if some else start
        return {"results": some, "next": end, "is_over": len(some) == len(views), "state": job.state}

    # --- The computers of the web.

    def _work(self):
        while not self._is_gone:
            with self.changed:
                if not self._due:
                    self.changed.wait(0.5)
                    continue
                left = self._due[0][0] - time.monotonic()
                if left > 0:
                    self.changed.wait(left)
                    continue
                _, unit, id = heapq.heappop(self._due)
                job = self.jobs.get(id)
                if job is None or job.is_over:
                    continue
                self._compute(job, unit)
                self.end_if_done(job)
                self.changed.notify_all()

    def _compute(self, job, unit):
        view = {
            "unit": unit,
            "input": "",
            "size": 0,
            "text": "",
            "base64": None,
            "content": None,
            "failure": "",
            "who": ["bob"],
        }
        try:
            output = self.unit(unit, job.said.get("arguments", "").encode(), job.inputs[unit])
        except Exception as error:
            view["failure"] = f"the program failed: {error}"
        else:
            view["size"] = len(output)
            if len(output) > INLINE_SIZE_MAX:
                view["content"] = hashlib.sha256(output).hexdigest()
                self.contents[view["content"]] = output
            else:
                view["base64"] = base64.b64encode(output).decode()
        job.order.append(view)

    def end_if_done(self, job):
        if not job.is_open and not job.is_over and len(job.order) >= len(job.inputs):
            if "reduce" in job.said and job.inputs:
                outputs = [base64.b64decode(view["base64"]) for view in job.order]
                joined = base64.b64encode(str(sum(map(int, outputs))).encode()).decode()
                job.order = [{**job.order[0], "unit": 0, "base64": joined, "size": len(base64.b64decode(joined))}]
            job.state = "done"
            self.changed.notify_all()
