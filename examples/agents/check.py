#!/usr/bin/env python3
"""Checks the agents that are ready: pip install wasmtime; ./check.py"""
import json
import pathlib
import struct

import wasmtime

HERE = pathlib.Path(__file__).parent
NOW, DAY = 1_790_000_000_000, 86_400_000


def run(agent, event, **more):
    """Runs an agent as the sandbox does; returns what it gives back."""
    engine = wasmtime.Engine()
    store, module = wasmtime.Store(engine), wasmtime.Module.from_file(engine, str(HERE / f"{agent}.wasm"))
    assert not module.imports, "an agent imports nothing"
    exports = wasmtime.Instance(store, module, []).exports(store)
    given = {"now": NOW, "web": "family", "agent": agent, "may": [], "settings": "", "missed": 0, "state": None}
    unit = struct.pack("<QI", 0, 0) + json.dumps(given | more | {"event": event}).encode()
    place = exports["althing_alloc"](store, len(unit))
    exports["memory"].write(store, unit, place)
    output = exports["althing_run"](store, place, len(unit)) & (1 << 64) - 1
    place, size = output >> 32, output & 0xFFFFFFFF
    return json.loads(bytes(exports["memory"].read(store, place, place + size)))


def files(*files):
    return {"kind": "files", "share": "family/Bob/p", "entries": len(files), "files": list(files)}


web = {
    "kind": "schedule",
    "shares": [{"path": "family/Alice/photos", "alone": 3, "alone_as": 'family/Alice/photos/ä "x".jpg'}],
    "members": [{"name": "Bob", "away_hours": 400}, {"name": "Carol", "away_hours": None}],
}
first = run("watchman", web)
assert first["actions"][0]["title"] == "2 things to look after in family"
assert "Bob has not been here for 16 days" in first["actions"][0]["text"]
assert run("watchman", web, state=first["state"], now=NOW + DAY)["actions"] == []
assert len(run("watchman", web, state=first["state"], now=NOW + 8 * DAY)["actions"]) == 1

full = {"kind": "schedule", "shares": [], "members": [{"name": "Bob", "devices": 2}], "disk": {"free": 1e9, "size": 1e11}}
third = run("watchman", full, state={"devices Bob": 1})
assert third["actions"][0]["title"] == "2 things to look after in family"
assert "nearly full: 1.0 GB of 100" in third["actions"][0]["text"] and "Bob has one computer more" in third["actions"][0]["text"]
assert run("watchman", full, state=third["state"])["actions"] == []
roomy = full | {"disk": {"free": 5e10, "size": 1e11}}
assert run("watchman", roomy)["actions"] == [], "the first time nobody is news"

tax, cat = {"path": "family/Bob/TAX 2026.pdf"}, {"path": "family/Bob/cat.jpg"}
one = run("digest", files(tax, cat, {"path": "family/Bob/tax", "gone": True}), settings="Tax invoice")
assert one["actions"] == [] and one["state"]["lines"] == [tax["path"]]
two = run("digest", {"kind": "member-joined", "member": "Döra"}, state=one["state"], settings="tax")
assert run("digest", {"kind": "schedule"}, state=two["state"])["actions"] == []
told = run("digest", {"kind": "schedule"}, state=two["state"], now=NOW + DAY)
assert told["actions"][0]["title"] == "2 new in family" and told["state"]["lines"] == []

bad = {"path": "family/Bob/p/plan.pdf", "first": "4d5a9000"}
odd = {"path": "family/Bob/p/invoice.pdf.exe", "first": "0000"}
fine = {"path": "family/Bob/p/fine.pdf", "first": "25504446"}
asked = [(one["do"], one["path"]) for one in run("virus-guard", files(bad, odd, fine))["actions"]]
assert asked == [("hold", bad["path"]), ("warn", odd["path"])]
locked = [{"path": f"family/Bob/p/{number}.jpg.locked"} for number in range(20)]
assert "20 files got the ending .locked" in run("virus-guard", files(*locked))["actions"][0]["title"]
held = {"kind": "guard", "name": "x.exe", "level": "held", "meaning": "why"}
heard = run("virus-guard", held)
assert len(heard["actions"]) == 1 and run("virus-guard", held, state=heard["state"])["actions"] == []
print("all agents do as they should")
