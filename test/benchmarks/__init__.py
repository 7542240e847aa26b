"""How much the client costs, as ratios to bare urllib3 and pydantic.

Run `python -m test.benchmarks -h` in the checkout. What is measured, and how, is told in
`docs/benchmarks.md`. Where it is:

- `answers`, `stub_server`, `server_process`: the server, in a process of its own.
- `floor`, `contenders`: who is measured.
- `measure`: the contenders take turns; medians of ratios.
- `calls`, `offline`, `imports`, `threads`, `memory`, `instructions`, `growth`: the cases.
- `resident`, `worker`: for what can only be measured in a process of its own.
- `profiling`: where the time of a call goes.
- `report`, `chart`, `__main__`: what people see.

This module and `resident` import nothing: they are loaded before an import is measured.
"""
