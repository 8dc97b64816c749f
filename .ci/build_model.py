"""Learn the shipped pack into bot/_models, from where a wheel that is built next carries it.

A kiosk that installs such a wheel answers at once, and needs no folder that it can write to. Models of older packs
that lie there are removed.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bot.cache import CARRIED  # noqa: E402
from bot.folder import shipped_root  # noqa: E402
from bot.pack import load_pack  # noqa: E402
from bot.store import save_model  # noqa: E402
from bot.train import train  # noqa: E402

if __name__ == "__main__":
    model = train(load_pack(shipped_root()))
    for old in CARRIED.glob("*.model"):
        old.unlink()
    path = CARRIED / f"{model.learned_from}-{model.pack.fingerprint}.model"
    save_model(model, path)
    print(f"{path.relative_to(ROOT)}: {path.stat().st_size / 1e6:.1f} MB")
