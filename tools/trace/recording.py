# SPDX-License-Identifier: GPL-2.0-only
"""A recording of the mediator's tracepoints, whose text is "key=value ...".
Documentation/mediator.rst describes events and fields.
"""

import re
from dataclasses import dataclass, field

from batches import MAX_ROWS
from lines import RecordingError, number

ENGINE = re.compile(r"[a-z][a-z0-9_-]*")
NOBODY = "-"
NEEDED = {
    "tessera_world_switch": ("dev", "engine", "time_ns", "from", "to", "busy_ns", "switch_ns"),
    "tessera_enqueue": ("dev", "engine", "time_ns", "vgpu", "busy_ns"),
    "tessera_idle": ("dev", "engine", "time_ns", "vgpu", "busy_ns"),
    "tessera_reset": ("dev", "engine", "time_ns", "vgpu"),
}


@dataclass
class Event:
    """A line that matters. @vgpu: whose, for a switch that of the new holder."""

    line: int
    name: str
    dev: str
    engine: str
    time_ns: int
    vgpu: str
    busy_ns: int = 0
    switch_ns: int = 0
    was: str = NOBODY


@dataclass
class Held:
    """A vGPU's runlist was in force; @switch_ns before that went into the switch."""

    engine: str
    vgpu: str
    begin_ns: int
    end_ns: int
    busy_ns: int
    switch_ns: int


@dataclass
class Period:
    """A vGPU had work from @begin_ns to @end_ns (None: to the end of the recording, or beyond),
    and used @used_ns of the engine for it."""

    engine: str
    vgpu: str
    begin_ns: int
    end_ns: int
    used_ns: int


@dataclass
class Recording:
    """All of it."""

    begin_ns: int = 0
    end_ns: int = 0
    held: list = field(default_factory=list)
    periods: list = field(default_factory=list)
    resets: list = field(default_factory=list)  # Event


def _event(no, name, rest):
    fields = dict(w.split("=", 1) for w in rest.split() if "=" in w)
    for key in NEEDED[name]:
        if key not in fields:
            raise RecordingError(f"line {no}: {name} without {key}")
    numbers = {k: number(fields[k], f"line {no}: {name}'s {k}") for k in NEEDED[name]
               if k in ("time_ns", "busy_ns", "switch_ns")}
    if not ENGINE.fullmatch(fields["engine"]):
        raise RecordingError(f"line {no}: {fields['engine']} is not the name of an engine")
    return Event(no, name, fields["dev"], fields["engine"], numbers["time_ns"],
                 fields.get("vgpu") or fields["to"], numbers.get("busy_ns", 0),
                 numbers.get("switch_ns", 0), fields.get("from", NOBODY))


def events(found):
    """Of tracepoints.Events those that matter, in their order."""
    out = []
    for ev in found:
        if ev.name in NEEDED:
            out.append(_event(ev.line, ev.name, ev.text))
        if len(out) > MAX_ROWS:
            raise RecordingError(f"line {ev.line}: it has more than {MAX_ROWS} events of the mediator: "
                                 "take a part of it")
    if not out:
        raise RecordingError("it contains no event of the mediator (tessera_world_switch, "
                             "tessera_enqueue, tessera_idle)")
    return out


class _Vgpu:
    """A vGPU on an engine while the recording is read. @busy is None until an event says: it may
    have been at work since before the beginning."""

    def __init__(self, begin_ns):
        self.busy = None
        self.begin_ns = begin_ns
        self.used_ns = 0	# of the period
        self.killed = False


class _Engine:
    """An engine while the recording is read."""

    def __init__(self, out, first):
        self.name = first.engine
        self.out = out
        self.time_ns = first.time_ns
        self.busy_ns = first.busy_ns
        self.switch_ns = first.switch_ns if first.name == "tessera_world_switch" else None
        self.held = None	# not known before the first switch
        self.vgpus = {}

    def _vgpu(self, name):
        return self.vgpus.setdefault(name, _Vgpu(self.out.begin_ns))

    def event(self, ev):
        """The next one."""
        if ev.time_ns < self.time_ns:
            raise RecordingError(f"line {ev.line}: time goes backward on the {self.name} engine")
        self.time_ns = ev.time_ns
        if ev.name == "tessera_reset":
            self.out.resets.append(ev)
            self._vgpu(ev.vgpu).killed = True
            return
        if ev.busy_ns < self.busy_ns:
            raise RecordingError(f"line {ev.line}: the counters of the {self.name} engine go "
                                 "backward: the accelerator was reset in between")
        self._charge(ev)
        if ev.name == "tessera_world_switch":
            self._switch(ev)
        elif ev.name == "tessera_enqueue":
            self._enqueue(ev)
        else:
            self._end_period(ev.vgpu, ev.time_ns)

    def _charge(self, ev):
        """Charge the engine's work since the last event to its holder."""
        ns = ev.busy_ns - self.busy_ns
        self.busy_ns = ev.busy_ns
        if self.held:
            self.held.busy_ns += ns
        holder = ev.was
        if ev.name != "tessera_world_switch":
            holder = self.held.vgpu if self.held else NOBODY
        if holder != NOBODY:
            self._vgpu(holder).used_ns += ns

    def _switch(self, ev):
        ns = 0 if self.switch_ns is None else max(0, ev.switch_ns - self.switch_ns)
        self.switch_ns = ev.switch_ns
        if self.held:
            self.held.end_ns = max(self.held.begin_ns, ev.time_ns - ns)
        if ev.was != NOBODY and self._vgpu(ev.was).killed:
            self._end_period(ev.was, ev.time_ns)
        self.held = Held(self.name, ev.vgpu, ev.time_ns, ev.time_ns, 0, ns)
        self.out.held.append(self.held)

    def _enqueue(self, ev):
        v = self._vgpu(ev.vgpu)
        since_before = v.busy is None and v.used_ns
        if not v.busy and not since_before:
            v.begin_ns = ev.time_ns
        v.busy = True

    def _end_period(self, name, end_ns):
        v = self._vgpu(name)
        if v.used_ns and v.busy is not False:
            self.out.periods.append(Period(self.name, name, v.begin_ns, end_ns, v.used_ns))
        v.busy = False
        v.used_ns = 0
        v.killed = False

    def end(self):
        """The recording ends here."""
        if self.held:
            self.held.end_ns = self.out.end_ns
        for name, v in self.vgpus.items():
            if v.busy or v.busy is None and v.used_ns:
                self.out.periods.append(Period(self.name, name, v.begin_ns, None, v.used_ns))


def _of_one(found, dev):
    """Of these events those of one accelerator."""
    devs = sorted({ev.dev for ev in found})
    if dev is None:
        if len(devs) > 1:
            raise RecordingError(f"it is of {len(devs)} accelerators ({', '.join(devs)}): "
                                 "choose one")
        return found
    if dev not in devs:
        raise RecordingError(f"it has no events of the accelerator {dev}, only of {', '.join(devs)}")
    return [ev for ev in found if ev.dev == dev]


def parse(found, dev=None):
    """A Recording of tracepoints.Events, of the accelerator @dev, which may be None if there is
    only one; RecordingError, with the line, if they are not the mediator's or have gaps."""
    found = _of_one(events(found), dev)
    out = Recording(begin_ns=min(ev.time_ns for ev in found),
                    end_ns=max(ev.time_ns for ev in found))
    engines = {}
    for ev in found:
        if ev.engine not in engines:
            if ev.name == "tessera_reset":
                continue	# it has no counters to begin with
            engines[ev.engine] = _Engine(out, ev)
        engines[ev.engine].event(ev)
    for engine in engines.values():
        engine.end()
    out.periods.sort(key=lambda p: (p.begin_ns, p.vgpu, p.engine))
    return out
