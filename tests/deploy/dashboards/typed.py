"""A dashboard's JSON as TypeScript whose types are Grafana's own, for its compiler to judge."""

import json
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

Json = dict[str, Any]
SCHEMA = "@grafana/schema/dist/types"
LOOSE = (
    # In a file an enum's member is its text.
    "type Loose<T> = T extends string ? `${T}` : T extends (infer U)[] ? Loose<U>[]"
    " : T extends object ? {[K in keyof T]: Loose<T[K]>} : T;"
)
SETTINGS = {
    "compilerOptions": {
        "strict": True,
        "noEmit": True,
        "skipLibCheck": True,
        "target": "es2022",
        "module": "esnext",
        "moduleResolution": "bundler",
        "types": [],
    },
    "files": ["dashboard.ts"],
}


def compile_(model: Json, types: Path, folder: Path) -> str:
    """Return what the compiler finds wrong with a dashboard; nothing where all is well."""
    (folder / "dashboard.ts").write_text("\n".join(_lines(model, types)), encoding="utf-8")
    (folder / "tsconfig.json").write_text(json.dumps(SETTINGS), encoding="utf-8")
    compiler = types / "typescript" / "bin" / "tsc"
    run = ["node", str(compiler), "--project", str(folder), "--pretty", "false"]
    done = subprocess.run(run, capture_output=True, text=True, check=False)
    assert bool(done.stdout) == bool(done.returncode), done.stderr
    return done.stdout


def _lines(model: Json, types: Path) -> Iterator[str]:
    """Yield the dashboard, and of each panel the options that its plugin has types for."""
    panels = [panel for panel in model["panels"] if panel["type"] != "row"]
    yield f"import type {{ Dashboard }} from {_module(types, 'index')};"
    for plugin in sorted({panel["type"] for panel in panels}):
        path = f"raw/composable/{plugin}/panelcfg/x/types.gen"
        yield f"import type * as {plugin} from {_module(types, path)};"
    yield LOOSE
    yield _constant("dashboard", "Dashboard", model)
    for panel in panels:
        plugin, number = panel["type"], panel["id"]
        yield _constant(f"options{number}", f"Partial<{plugin}.Options>", panel["options"])
        custom = panel["fieldConfig"]["defaults"].get("custom")
        if custom is not None:
            yield _constant(f"field{number}", f"Partial<{plugin}.FieldConfig>", custom)


def _module(types: Path, path: str) -> str:
    return json.dumps(str(types / SCHEMA / path))


def _constant(name: str, type_: str, value: Mapping[str, object]) -> str:
    return f"export const {name}: Loose<{type_}> = {json.dumps(value)};"
